"""How metasync goes on, top to bottom: packets are made, shares given, packets sent and processed; then everybody walks.

This is the order of the simulator of Ohri et al. 2025 (arXiv 2510.25705), whose numbers it reproduces.
"""

import numpy as np

from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.network.processing import NOBODY, refresh, serve
from avatarium.worlds.core.network.state import REQUESTS, UPDATES
from avatarium.worlds.core.network.traffic import make_packets
from avatarium.worlds.core.network.transmission import locate, share_out, transmit
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.metasync.level import generate, set_out
from avatarium.worlds.metasync.observe import LATE, SYNC, observe

F = np.float32
EVENTS = (
    EventKind("requested", "users made requests in this step", "how many"),
    EventKind("served", "a station (who) was done with a request of a user (whom)", "its AoRI: steps since it was made"),
    EventKind("synced", "that request was answered with what a sensor had found", "its AoSI: steps between when both were made"),
    EventKind("late", "that request took longer than the deadline", "its AoRI: steps since it was made"),
    EventKind("handed_over", "a station (who) took over a user (whom) who came nearer to it than to others"),
)
REQUESTED, SERVED, SYNCED, WAS_LATE, HANDED_OVER = range(len(EVENTS))


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            generate(state, episodes, config[0], i)
            for role in range(len(out)):
                out[role].present[i] = True
            look(state, episodes, config[0], out, i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            for role in range(len(out)):
                clear(out[role], i)
            communicate(state, episodes, config[0], actions, log, i)
            compute(state, episodes, config[0], out, log, i)
            walk(state, episodes, config[0], log, i)
            episodes.clock[i] += 1
            if episodes.clock[i] >= config[0].episode_steps:
                episodes.over[i] = True
                for role in range(len(out)):
                    out[role].truncation[i] = True
                ended += 1
            look(state, episodes, config[0], out, i)
    return ended


@inlined
def communicate(state, episodes, config, actions, log, i):
    """Let everybody make and send packets, with the shares that the agents give."""
    network, now = state.network, episodes.clock[i]
    last = len(actions) - 1  # one role has both controls, or each of two has one
    for b in range(state.boards.shape[1]):
        board = state.boards[i, b]
        board.bandwidth, board.compute = actions[0][i, b, 0], actions[last][i, b, actions[last].shape[2] - 1]
        share_out(network, config.station, i, b, board.bandwidth, board.compute)
    for kind in range(2):
        made = make_packets(network, kind, i, now)
        if kind == REQUESTS and made > 0:
            emit(log, i, REQUESTED, 0, -1, F(made))
        transmit(network, kind, config.station, i, now)


@inlined
def compute(state, episodes, config, out, log, i):
    """Let stations work on requests, which are paid for when they are done, then on what sensors sent."""
    network, now = state.network, episodes.clock[i]
    first = state.avatars.shape[1] - network.users.shape[1]
    for a in range(first, state.avatars.shape[1]):
        state.avatars[i, a].done = 0
    for b in range(state.boards.shape[1]):
        while True:
            k = serve(network, i, b, now)
            if k == NOBODY:
                break
            answer(network.users[i, k], state.avatars[i, first + k], config.rewards, out, log, i, b, first + k)
        refresh(network, i, b)
        board = state.boards[i, b]
        board.requests, board.updates = network.queues[i, b, REQUESTS].count, network.queues[i, b, UPDATES].count
    for s in range(network.sensors.shape[1]):
        seen, device = state.sensors[i, s], network.sensors[i, s]
        seen.waiting, seen.age = device.waiting, now - device.processed


@inlined
def answer(device, user, rewards, out, log, i, b, a):
    """Pay for a request of ``user``, who is avatar ``a``, that station ``b`` is done with, by the ages that its ``device`` tells."""
    user.aori, user.aosi = device.aori, device.aosi
    user.done += 1
    late = device.aori > rewards.deadline_steps
    worth = F(rewards.sync) * power(F(rewards.fade), device.aosi)
    for role in range(len(out)):
        for agent in range(out[role].reward.shape[1]):
            pay(out[role], i, agent, SYNC, worth)
            if late:
                pay(out[role], i, agent, LATE, F(rewards.late))
    emit(log, i, SERVED, b, a, F(device.aori))
    emit(log, i, SYNCED, b, a, F(device.aosi))
    if late:
        emit(log, i, WAS_LATE, b, a, F(device.aori))


@inlined
def power(base, exponent):
    """``base`` to a whole power from 0 on."""
    found = F(1)
    while exponent > 0:
        if exponent & 1:
            found *= base
        base *= base
        exponent >>= 1
    return found


@inlined
def walk(state, episodes, config, log, i):
    """Let users walk on, and stations hand them over."""
    network = state.network
    first = state.avatars.shape[1] - network.users.shape[1]
    for k in range(network.users.shape[1]):
        me, device = state.avatars[i, first + k], network.users[i, k]
        me.way -= 1
        if me.way > 0:
            me.x += me.vx
            me.y += me.vy
        else:
            me.x, me.y = me.goal_x, me.goal_y
            set_out(me, episodes.stream, config, i)
        if locate(network, network.users, config.station, i, k, me.x, me.y):
            emit(log, i, HANDED_OVER, device.station, first + k, F(1))
        me.waiting = device.waiting
        me.present = 1 if device.since <= episodes.clock[i] + 1 < device.until else 0


@inlined
def look(state, episodes, config, out, i):
    """Fill all observations of environment ``i``."""
    for role in range(len(out)):
        for b in range(out[role].observation.shape[1]):
            observe(state, episodes, config, i, b, out[role].observation[i, b])
