"""Visitors come, have wishes, and leave."""

import numpy as np

from avatarium.worlds.concierge.level import free_place
from avatarium.worlds.concierge.state import ABSENT, GONE, HERE, KINDS, LOBBY
from avatarium.worlds.core import geodesic
from avatarium.worlds.core.bodies import STEP_S, TOP_SPEED, place
from avatarium.worlds.core.building import room_at
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import cell
from avatarium.worlds.core.proprioception import begin_trail
from avatarium.worlds.core.rng import RULES, below, uniform
from avatarium.worlds.core.trig import TURN

F = np.float32
GRACE_STEPS = 100
"""Time to meet and to say what one wants."""
MOST_TRIES = 64
"""A building may have a single kind of room; then the wish may be for the room one is in."""


@kernel
def come_in(state, stream, i, a, purpose):
    """Put avatar ``a`` into the lobby; returns whether there was room."""
    lobby = state.rooms[i, state.room_of[i, LOBBY - 1]]
    x, y = free_place(state, stream, i, a, lobby, purpose)
    if x < F(0):
        return False
    place(state.avatars[i, a], x, y, (uniform(stream, i, purpose) - F(0.5)) * TURN)
    begin_trail(state.avatars[i, a])
    state.avatars[i, a].stage = HERE
    return True


@kernel
def wish(state, stream, config, i, a):
    """Let a visitor wish for a kind of room that there is, but not for the one it is in."""
    me, here, kind = state.avatars[i, a], np.int64(room_at(state, i, state.avatars[i, a].x, state.avatars[i, a].y)), -1
    for _ in range(MOST_TRIES):
        drawn = below(stream, i, RULES, len(KINDS))
        if state.room_of[i, drawn] >= 0:
            kind = drawn
            if state.room_of[i, kind] != here:
                break
    field = state.ways[i, kind]
    me.wish, me.spent = kind + 1, 0
    me.known = 1 if config.insight > F(0) and uniform(stream, i, RULES) < F(config.insight) else 0
    me.way = geodesic.distance(field, me.x, me.y)
    me.oracle = geodesic.path_length(state.plan, i, field, me.x, me.y)
    me.budget = int(F(config.patience) * me.oracle / (TOP_SPEED * STEP_S)) + GRACE_STEPS


@kernel
def fulfilled(state, i, a):
    """Whether a visitor stands in a room of the kind that it wishes for."""
    me = state.avatars[i, a]
    return state.ways[i, me.wish - 1, cell(me.y), cell(me.x)] == 0


@kernel
def leave(state, stream, config, clock, i, a):
    """Let a visitor go, and the next one come after a while."""
    me = state.avatars[i, a]
    me.stage, me.present, me.word, me.gesture = GONE, 0, 0, 0
    for b in range(1, state.avatars.shape[1]):
        if state.avatars[i, b].stage == ABSENT and state.avatars[i, b].comes < 0:
            state.avatars[i, b].comes = clock + 1 + below(stream, i, RULES, config.pause)
            return


@kernel
def efficiency(me):
    """Time of the shortest walk at top speed over the time taken, at most 1 (Yokoyama et al. 2021, success weighted by completion time)."""
    return min(F(1), me.oracle / (TOP_SPEED * STEP_S) / F(max(me.spent, 1)))
