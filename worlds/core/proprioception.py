"""What an avatar feels of itself: how it moves, what it did last, where it was of late, how much time is left."""

import numpy as np

from avatarium.worlds.core.bodies import TOP_SPEED, TURN, WALK
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.spec import Feature

F = np.float32
TRAIL_FIELDS = [("short_x", "f4"), ("short_y", "f4"), ("long_x", "f4"), ("long_y", "f4")]
"""Fields of an avatar that the sensor needs beside those of its body: where it was of late, and for longer (m)."""
SHORT_RATE, LONG_RATE = F(0.05), F(0.0125)
"""Leaky means over 2 s and 8 s at steps of 0.1 s."""
WALKS, TURNS = len(WALK.choices), len(TURN.choices)

FEATURES = (
    Feature("velocity", 2, -1.01, 1.01, "ahead and to the left; 1.4 m/s = 1", "body"),
    Feature("heading", 2, -1.01, 1.01, "cosine and sine", "body"),
    Feature("last_walk", WALKS, 0, 1, "which choice of the head walk came last", "body"),
    Feature("last_turn", TURNS, 0, 1, "which choice of the head turn came last", "body"),
    Feature(
        "trail",
        4,
        -1,
        1,
        "where it is, seen from where it was of late (leaky means over 2 s and 8 s), ahead and to the left; 2 m and 8 m = 1",
        "body",
    ),
    Feature("time_left", 1, 0, 1, "share of the episode still to come", "body"),
)
SIZE = sum(f.size for f in FEATURES)


@kernel
def feel(me, time_left, out):
    """Fill ``out`` [SIZE] for an avatar, as ``FEATURES`` describes."""
    out[:SIZE] = F(0)
    out[0], out[1] = clipped(me, me.vx / TOP_SPEED, me.vy / TOP_SPEED)
    out[2], out[3] = me.cos, me.sin
    out[4 + me.walked], out[9 + me.turned] = F(1), F(1)
    out[12], out[13] = clipped(me, (me.x - me.short_x) * F(0.5), (me.y - me.short_y) * F(0.5))
    out[14], out[15] = clipped(me, (me.x - me.long_x) * F(0.125), (me.y - me.long_y) * F(0.125))
    out[16] = time_left


@kernel
def begin_trail(me):
    """Begin the trail of an avatar where it stands."""
    me.short_x, me.short_y, me.long_x, me.long_y = me.x, me.y, me.x, me.y


@kernel
def leave_trail(me):
    """Let the means follow an avatar that has moved."""
    me.short_x, me.short_y = me.short_x + (me.x - me.short_x) * SHORT_RATE, me.short_y + (me.y - me.short_y) * SHORT_RATE
    me.long_x, me.long_y = me.long_x + (me.x - me.long_x) * LONG_RATE, me.long_y + (me.y - me.long_y) * LONG_RATE


@inlined
def ahead_left(me, x, y):
    """A vector of the plan in the avatar's own frame."""
    return x * me.cos + y * me.sin, y * me.cos - x * me.sin


@kernel
def clipped(me, x, y):
    """``ahead_left``, each part within [-1, 1]."""
    ahead, left = ahead_left(me, x, y)
    return min(max(ahead, F(-1)), F(1)), min(max(left, F(-1)), F(1))
