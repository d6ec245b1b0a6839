"""The ages that a network makes, for avatars each of which is a user that sends actions and a sensor that sends its state."""

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.network.course import advance
from avatarium.worlds.core.network.state import NEVER, begin
from avatarium.worlds.core.network.transmission import locate, share_out
from avatarium.worlds.core.rng import mix

TRAFFIC = np.uint64(0x5C)
"""What the seeds of devices are mixed with: a stream of their own beside those of ``rng``."""


@kernel
def connect(network, levels, which, start, stop):
    """Begin an episode where ``which`` [N] is set; ``levels`` uint64 [N] are the seeds of the levels in play."""
    for i in range(start, stop):
        if which[i]:
            begin(network, i, mix(levels[i], TRAFFIC))


@kernel
def carry(network, link, split, bodies, episodes, ages, delays, start, stop):
    """Let a step of the network pass: everybody sends a state and an action, and what is processed has arrived.

    ``split`` float32 [2] is the share of bandwidth and of compute that actions have, states have the rest. Fills ``ages`` int32 [N, A], how
    old the known states of ``bodies`` are after this step, and ``delays`` int32 [N, K], how old the actions that take effect in it are;
    whoever has had none processed yet is one step older than the episode.
    """
    for i in range(start, stop):
        if not episodes.over[i]:
            clock = episodes.clock[i]
            for s in range(network.sensors.shape[1]):
                locate(network, network.sensors, link, i, s, bodies[i, s].x, bodies[i, s].y)
            for k in range(network.users.shape[1]):
                locate(network, network.users, link, i, k, bodies[i, k].x, bodies[i, k].y)
            share_out(network, link, i, 0, split[0], split[1])
            advance(network, link, i, clock)
            for s in range(network.sensors.shape[1]):
                made = network.sensors[i, s].processed
                ages[i, s] = clock + 1 - (made if made != NEVER else 0)
            for k in range(network.users.shape[1]):
                made = network.users[i, k].processed
                delays[i, k] = clock - made if made != NEVER else clock + 1
