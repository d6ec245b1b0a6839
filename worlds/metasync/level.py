"""Where sensors stand, where users walk, and which of them are there when."""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.network.logarithm import LN2, log2
from avatarium.worlds.core.network.state import NEVER, REQUESTS, UPDATES, begin
from avatarium.worlds.core.network.transmission import locate
from avatarium.worlds.core.rng import LEVEL, RULES, below, next_u64, uniform
from avatarium.worlds.core.trig import atan2
from avatarium.worlds.metasync.profiles import BURST_CENTRE, BURST_SIGMA, BURST_SOJOURN, PROFILES
from avatarium.worlds.metasync.state import SIDE_M

F = np.float32
SIDE = F(SIDE_M)
NEAR_M, FAR_M, APART_M = F(20), F(90), F(20)
"""Of a sensor from stations, and from other sensors."""
BEFORE_M = F(22)
"""Of an agent, who looks at its station."""
PATIENCE = 200
"""Places that are tried before sensors may stand closer together."""
STEADY, MIXTURE = 0, len(PROFILES) + 1
FIRST_PROFILE = 2
"""Row of the menu; before it come steady requests, and updates."""
POOLS = np.array([one.pool for one in PROFILES.values()], np.int32)
TIMES = np.array([(*one.window, one.sojourn, one.burst) for one in PROFILES.values()], F)
"""Of each profile: when users come, from and to; how long they stay; who comes in a burst."""


@kernel
def generate(state, episodes, config, i):
    """Draw the level of environment ``i`` from its level stream; nothing is under way yet."""
    stream, network = episodes.stream, state.network
    begin(network, i, next_u64(stream, i, RULES))
    for s in range(network.sensors.shape[1]):
        x, y = free_site(state, stream, i, s)
        state.sites[i, s, 0], state.sites[i, s, 1] = x, y
        state.sensors[i, s].waiting, state.sensors[i, s].age = 0, 0
        locate(network, network.sensors, config.station, i, s, x, y)
    first = state.avatars.shape[1] - network.users.shape[1]
    for a in range(state.avatars.shape[1]):
        me = state.avatars[i, a]
        me.present, me.waiting, me.aori, me.aosi, me.done = 1, 0, NEVER, NEVER, 0
        if a < first:
            alone = network.stations.shape[1] == first
            station, aside = network.stations[i, a if alone else 0], F(0) if alone else F(16 * a - 8)
            me.x, me.y = station.x + aside, station.y - BEFORE_M
            me.heading, me.vx, me.vy = F(1.57), F(0), F(0)
        else:
            me.x, me.y = uniform(stream, i, LEVEL) * SIDE, uniform(stream, i, LEVEL) * SIDE
            set_out(me, stream, config, i)
            locate(network, network.users, config.station, i, a - first, me.x, me.y)
    choose_traffic(state, stream, config, i, first)
    for b in range(state.boards.shape[1]):
        board = state.boards[i, b]
        board.bandwidth, board.compute, board.requests, board.updates = F(0), F(0), 0, 0


@kernel
def free_site(state, stream, i, s):
    """A place (m) for sensor ``s``: neither too near to nor too far from stations, and apart from the sensors before it."""
    stations, apart = state.network.stations[i], APART_M
    tries = 0
    while True:
        x, y, nearest = uniform(stream, i, LEVEL) * SIDE, uniform(stream, i, LEVEL) * SIDE, F(np.inf)
        for b in range(stations.shape[0]):
            nearest = min(nearest, metres(x - stations[b].x, y - stations[b].y))
        alone = True
        for other in range(s):
            alone &= metres(x - state.sites[i, other, 0], y - state.sites[i, other, 1]) >= apart
        if alone and NEAR_M <= nearest <= FAR_M:
            return x, y
        tries += 1
        if tries % PATIENCE == 0:
            apart *= F(0.8)


@inlined
def metres(x, y):
    """Length of a vector."""
    return math.sqrt(x * x + y * y)


@inlined
def set_out(me, stream, config, i):
    """Choose where a user goes next, and how; whoever arrives does so exactly (random waypoints, as in mobile-env)."""
    me.goal_x, me.goal_y = uniform(stream, i, LEVEL) * SIDE, uniform(stream, i, LEVEL) * SIDE
    dx, dy = me.goal_x - me.x, me.goal_y - me.y
    away, speed = metres(dx, dy) + F(1e-6), F(config.speed_m)
    me.way = max(math.ceil(away / speed), 1)
    me.vx, me.vy = speed * dx / away, speed * dy / away
    me.heading = atan2(dy, dx)


@kernel
def choose_traffic(state, stream, config, i, first):
    """Put the traffic of the episode in place: that of the settings, or of a profile, with who comes when and for how long."""
    network, row = state.network, 0
    if config.traffic != STEADY:
        profile = below(stream, i, LEVEL, POOLS.shape[0]) if config.traffic == MIXTURE else config.traffic - 1
        row = FIRST_PROFILE + profile
        for k in range(network.users.shape[1]):
            me = network.users[i, k]
            me.since, me.until = 0, 0
            if k < POOLS[profile]:
                come(me, stream, config, i, profile, F(k) < TIMES[profile, 3] * F(POOLS[profile]) - F(0.5))
            state.avatars[i, first + k].present = 1 if me.since <= 0 < me.until else 0
    network.mixes[i, REQUESTS] = state.menu[i, row]
    network.mixes[i, UPDATES] = state.menu[i, 1]


@kernel
def come(me, stream, config, i, profile, bursting):
    """Draw when a user comes and goes."""
    steps = F(config.episode_steps)
    if bursting:
        at = F(BURST_CENTRE) + F(BURST_SIGMA) * bell(stream, i)
    else:
        at = TIMES[profile, 0] + uniform(stream, i, LEVEL) * (TIMES[profile, 1] - TIMES[profile, 0])
    me.since = min(max(int(at * steps), 0), config.episode_steps - 1)
    stay = -log2(F(1) - uniform(stream, i, LEVEL)) * LN2 * (F(BURST_SOJOURN) if bursting else TIMES[profile, 2])
    me.until = min(me.since + max(int(stay), 1), config.episode_steps)


@inlined
def bell(stream, i):
    """A number with mean 0 and variance 1, nearly normal: the sum of twelve uniform ones (Irwin-Hall), shifted."""
    total = F(-6)
    for _ in range(12):
        total += uniform(stream, i, LEVEL)
    return total
