"""Steering for scripted people without a field of ways: the straightest of a few headings that is clear for the next steps."""

import math

import numpy as np

from avatarium.worlds.core.bodies import BACK, FORWARD, LEFT, RADIUS_M, RIGHT, STAY, STRAIGHT, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.trig import atan2

F = np.float32
AHEAD_M = F(1.0)
"""How far ahead a heading has to be clear."""
_TRIED = np.radians([0, -30, 30, -60, 60, -90, 90, -130, 130])
COSINES, SINES = np.cos(_TRIED).astype(F).round(6), np.sin(_TRIED).astype(F).round(6)
"""Headings that are tried in this order, relative to the way: to the right first, so that two who meet step to unlike sides."""


@kernel
def turn_to(me, dx, dy):
    """(turn, angle): which way to turn to face along (dx, dy), and by how much in rad; a turn of less than half a step is not made."""
    angle = atan2(dy * me.cos - dx * me.sin, dx * me.cos + dy * me.sin)
    return (TURN_LEFT if angle > F(0.16) else (TURN_RIGHT if angle < F(-0.16) else STRAIGHT)), angle


@kernel
def walk_to(plan, bodies, i, a, x, y):
    """(walk, turn) of avatar ``a`` on its way to the point (x, y) in metres, around boxes and bodies."""
    me = bodies[a]
    dx, dy = x - me.x, y - me.y
    d = math.sqrt(dx * dx + dy * dy)
    if d < F(0.1):
        return STAY, STRAIGHT
    dx, dy = dx / d, dy / d
    reach, hx, hy = min(d, AHEAD_M), dx, dy
    for k in range(COSINES.shape[0]):
        tx, ty = dx * COSINES[k] - dy * SINES[k], dx * SINES[k] + dy * COSINES[k]
        if passable(plan, bodies, i, a, tx, ty, reach):
            hx, hy = tx, ty
            break
    turn, angle = turn_to(me, hx, hy)
    if abs(angle) < F(0.7):
        return FORWARD, turn
    if d > AHEAD_M:
        return STAY, turn
    if abs(angle) > F(2.4):
        return BACK, turn
    return (LEFT if angle > F(0) else RIGHT), turn


@kernel
def passable(plan, bodies, i, a, dx, dy, reach):
    """Whether nothing is in the way of avatar ``a`` along (dx, dy) for ``reach`` metres."""
    me = bodies[a]
    if not in_sight(plan, i, me.x, me.y, me.x + dx * reach, me.y + dy * reach, RADIUS_M):
        return False
    for b in range(bodies.shape[0]):
        other = bodies[b]
        ox, oy = other.x - me.x, other.y - me.y
        along = ox * dx + oy * dy
        if b != a and other.present == 1 and F(0) < along < reach + RADIUS_M and abs(oy * dx - ox * dy) < F(2.2) * RADIUS_M:
            return False
    return True
