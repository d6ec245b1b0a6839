"""Which packets devices make: when, how large, how laborious. A function of device and step, so that nobody has to keep them."""

import numpy as np

from avatarium.worlds.core.kernels import inlined
from avatarium.worlds.core.network.poisson import drawn
from avatarium.worlds.core.network.state import REQUESTS
from avatarium.worlds.core.rng import GOLDEN, scramble

F = np.float32


@inlined
def bits_of(me, step):
    """64 random bits for what device ``me`` makes in a step: 16 whether, 24 how large, 24 how much work."""
    return scramble(me.seed + np.uint64(step + 1) * GOLDEN)


@inlined
def makes(me, mix, step):
    """Whether device ``me`` makes a packet in a step."""
    due = me.since <= step < me.until and (mix.period == 1 or step % mix.period == 0)
    return due and np.uint32(bits_of(me, step) >> np.uint64(48)) < mix.chance


@inlined
def size_of(network, i, me, mix, step):
    """Units of data of the packet that ``me`` made in a step."""
    return drawn(network.tables, i, mix.row, bits_of(me, step) >> np.uint64(24))


@inlined
def load_of(network, i, me, mix, step):
    """Units of work of the packet that ``me`` made in a step."""
    return drawn(network.tables, i, mix.row + 1, bits_of(me, step))


@inlined
def make_packets(network, kind, i, step):
    """Let the devices of one kind make their packets of a step; returns how many. Who is gone takes what is unsent along."""
    devices = network.users if kind == REQUESTS else network.sensors
    mix, made = network.mixes[i, kind], 0
    for d in range(devices.shape[1]):
        me = devices[i, d]
        if step >= me.until:
            me.waiting = 0
        elif makes(me, mix, step):
            if me.waiting == 0:
                me.head, me.left = step, size_of(network, i, me, mix, step)
            me.waiting += 1
            made += 1
    return made
