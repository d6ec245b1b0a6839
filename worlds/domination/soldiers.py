"""How a soldier carries out an order: it walks to its point, faces who comes near, tags whom it can."""

import math

import numpy as np

from avatarium.worlds.core.bodies import BACK, FORWARD, LEFT, RIGHT, STAY, STRAIGHT, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.proprioception import ahead_left
from avatarium.worlds.core.sight import sees
from avatarium.worlds.core.trig import atan2
from avatarium.worlds.domination.level import ahead_on_way, seen_as, way
from avatarium.worlds.domination.state import HOME, RED

F = np.float32
TAG_M = F(3.0)
CONE = F(0.70710678)
"""Cosine of the half angle, 45 degrees, ahead of it in which an avatar can tag."""
ALERT_M = F(3.6)
READY_STEPS = 6
"""A soldier turns to whom it will be able to tag within so many steps."""
STAND_M = F(0.4)


@kernel
def rivals(avatars, a):
    """(first, last + 1): the numbers of the avatars of the other team."""
    team = avatars.shape[0] // 2
    return (team, 2 * team) if a < team else (0, team)


@inlined
def faced(avatars, a):
    """Whether avatar ``a`` sees any opponent at all: what to ask first, because it costs nothing."""
    team = avatars.shape[0] // 2
    theirs = (np.uint32(1) << np.uint32(team)) - np.uint32(1)
    return avatars[a].sees & (theirs << np.uint32(team) if a < team else theirs) != np.uint32(0)


@kernel
def sheltered(state, i, b):
    """Whether avatar ``b`` is in its own base, where nobody can be tagged."""
    other, team = state.avatars[i, b], (0 if b < state.avatars.shape[1] // 2 else 1)
    return way(state, i, team, HOME, other.x, other.y) == F(0)


@kernel
def victim(state, i, a):
    """The nearest opponent whom avatar ``a`` would tag if it reached out now; -1 when there is none."""
    me, found, nearest = state.avatars[i, a], -1, TAG_M * TAG_M
    first, end = rivals(state.avatars[i], a)
    for b in range(first, end):
        other = state.avatars[i, b]
        dx, dy = other.x - me.x, other.y - me.y
        d2 = dx * dx + dy * dy
        if (d2 < nearest) & (other.present == 1) & sees(me, b):
            ahead = dx * me.cos + dy * me.sin
            if ahead > F(0) and ahead * ahead >= CONE * CONE * d2 and not sheltered(state, i, b):
                found, nearest = b, d2
    return found


@kernel
def threat(state, i, a):
    """The nearest opponent in sight within ``ALERT_M`` of avatar ``a`` who can be tagged; -1 when there is none."""
    me, found, nearest = state.avatars[i, a], -1, ALERT_M * ALERT_M
    first, end = rivals(state.avatars[i], a)
    for b in range(first, end):
        other = state.avatars[i, b]
        dx, dy = other.x - me.x, other.y - me.y
        d2 = dx * dx + dy * dy
        if (d2 < nearest) & (other.present == 1) & sees(me, b) and not sheltered(state, i, b):
            found, nearest = b, d2
    return found


@kernel
def choose(state, i, a, zone, stop_m):
    """(walk, turn, whether to tag): what avatar ``a`` does to go to a zone, as its team numbers it, up to ``stop_m`` m from its edge."""
    me, team = state.avatars[i, a], (0 if a < state.avatars.shape[1] // 2 else 1)
    left = way(state, i, team, zone, me.x, me.y)
    tx, ty, going = me.x, me.y, left > stop_m
    if going:
        tx, ty = ahead_on_way(state, i, team, zone, me.x, me.y)
    elif left == F(0) and zone < HOME:
        p = seen_as(team, zone)
        tx, ty = state.points[i, p, 0], state.points[i, p, 1]
    dx, dy = tx - me.x, ty - me.y
    going = going or dx * dx + dy * dy > STAND_M * STAND_M
    foe = threat(state, i, a) if (me.cool <= READY_STEPS or not going) and faced(state.avatars[i], a) else -1
    fx, fy = dx, dy
    if foe >= 0:
        fx, fy = state.avatars[i, foe].x - me.x, state.avatars[i, foe].y - me.y
    elif not going:
        fx, fy = outlook(state, i, team, me)
    walk = stride(me, dx, dy) if going else STAY
    return walk, face(me, fx, fy), me.cool == 0 and foe >= 0 and victim(state, i, a) >= 0


@kernel
def outlook(state, i, team, me):
    """Where a soldier that stands looks: towards the other team's base."""
    return (F(1), F(0)) if team == RED else (F(-1), F(0))


@kernel
def face(me, x, y):
    """The choice of the head turn that brings a body to face along (x, y)."""
    ahead, left = ahead_left(me, x, y)
    angle = atan2(left, ahead)
    return TURN_LEFT if angle > F(0.16) else (TURN_RIGHT if angle < F(-0.16) else STRAIGHT)


@kernel
def stride(me, x, y):
    """The choice of the head walk that leads a body along (x, y) as it faces now."""
    ahead, left = ahead_left(me, x, y)
    length = math.sqrt(ahead * ahead + left * left)
    if ahead > F(0.62) * length:
        return FORWARD
    if ahead < F(-0.78) * length:
        return BACK
    return LEFT if left > F(0) else RIGHT


@kernel
def choose_rows(state, envs, bodies, zones, stops, out):
    """Fill ``out`` int32 [B, 3] with walk, turn and tag of bodies [B] in ``envs`` [B] that go to ``zones`` [B], up to ``stops`` [B] m."""
    for k in range(envs.shape[0]):
        walk, turn, tags = choose(state, envs[k], bodies[k], zones[k], stops[k])
        out[k, 0], out[k, 1], out[k, 2] = walk, turn, 1 if tags else 0
