"""Journeys: where an avatar is to go, how far that is, and when it has taken too long."""

import numpy as np

from avatarium.worlds.core import geodesic
from avatarium.worlds.core.bodies import STEP_S, TOP_SPEED, clear_of_bodies, place
from avatarium.worlds.core.building import room_at
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import cell, centre
from avatarium.worlds.core.proprioception import begin_trail
from avatarium.worlds.core.rng import LEVEL, below, between, uniform
from avatarium.worlds.core.trig import TURN

F = np.float32
SIGNS = 1
SHORTEST_M = F(4)
GRACE_STEPS = 50
MOST_TRIES = 6
"""A building may be too small for journeys of ``SHORTEST_M``; then the last destination drawn stands."""


@kernel
def settle(state, episodes, i, a):
    """Put avatar ``a`` somewhere free in some room."""
    stream, cells, avatars = episodes.stream, state.plan.cells[i], state.avatars[i]
    while True:
        room = state.rooms[i, below(stream, i, LEVEL, state.num_rooms[i])]
        cx, cy = between(stream, i, LEVEL, room.x0, room.x1), between(stream, i, LEVEL, room.y0, room.y1)
        if cells[cy, cx] == 0 and clear_of_bodies(avatars, a, centre(cx), centre(cy)):
            break
    me = avatars[a]
    place(me, centre(cx), centre(cy), (uniform(stream, i, LEVEL) - F(0.5)) * TURN)
    begin_trail(me)


@kernel
def set_out(state, episodes, config, i, a, purpose):
    """Draw a new destination for avatar ``a``: a place in another room, or any place of that room when only signs guide."""
    me, stream, field = state.avatars[i, a], episodes.stream, state.ways[i, a]
    here = room_at(state, i, me.x, me.y)
    tries = 0
    while tries < MOST_TRIES:
        r = below(stream, i, purpose, state.num_rooms[i])
        room = state.rooms[i, r]
        cx, cy = between(stream, i, purpose, room.x0 + 1, room.x1 - 1), between(stream, i, purpose, room.y0 + 1, room.y1 - 1)
        if r != here and room.kind != 0 and state.plan.cells[i, cy, cx] == 0:
            zone = (cx - 1, cy - 1, cx + 1, cy + 1)
            if config.guidance == SIGNS:
                zone = (np.int64(room.x0), np.int64(room.y0), np.int64(room.x1), np.int64(room.y1))
            geodesic.flood(state.plan.cells[i], zone, field, state.scratch[i])
            me.goal_x, me.goal_y, me.goal_room = centre(cx), centre(cy), r
            me.way = geodesic.distance(field, me.x, me.y)
            tries = MOST_TRIES if me.way >= SHORTEST_M else tries + 1
    me.oracle = geodesic.path_length(state.plan, i, field, me.x, me.y)
    me.walked_m, me.spent = F(0), 0
    me.budget = int(F(config.patience) * me.oracle / (TOP_SPEED * STEP_S)) + GRACE_STEPS


@kernel
def arrived(state, i, a):
    """Whether avatar ``a`` stands in its destination."""
    me = state.avatars[i, a]
    return state.ways[i, a, cell(me.y), cell(me.x)] == 0


@kernel
def efficiency(me):
    """Shortest walk over the walk made, at most 1: the path-length weight of SPL (Anderson et al. 2018)."""
    return me.oracle / max(me.oracle, me.walked_m, F(1e-3))


@kernel
def delay_s(me):
    """Seconds beyond what a walk at top speed would have taken."""
    return max(F(0), F(me.spent) * STEP_S - me.oracle / TOP_SPEED)
