"""How somebody walks who has somewhere to go: makes way for people ahead, turns to the heading, steps, backs or sidesteps."""

import math

import numpy as np

from avatarium.worlds.core.bodies import BACK, FORWARD, LEFT, RADIUS_M, RIGHT, STAY, STRAIGHT, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.trig import atan2

F = np.float32
NEAR_M, PRESSED_M = F(1.6), F(0.7)
BEHIND, OPPOSITE = 1, 2
AIM_RAD = F(0.16)
"""A heading this near to the wanted one is not corrected: one turn is twice as much."""


@kernel
def give_way(avatars, a, dx, dy, side, custom):
    """(heading x, y, pressed): the heading bent around people ahead, and whether one is so near that it takes more than that.

    With a custom one gives way to its side; without, to the side that needs the smaller turn. Pressed is ``BEHIND`` somebody who walks
    the same way (wait) or ``OPPOSITE`` somebody (step aside), else 0.
    """
    me, pressed, bend = avatars[a], 0, F(0)
    for b in range(avatars.shape[0]):
        other = avatars[b]
        ox, oy = other.x - me.x, other.y - me.y
        ahead, aside = ox * dx + oy * dy, oy * dx - ox * dy
        if b != a and other.present == 1 and F(0) < ahead < NEAR_M and abs(aside) < F(3) * RADIUS_M:
            along = other.vx * dx + other.vy * dy > F(0.3)
            to = side if custom != 0 or abs(aside) < F(0.02) else (F(-1) if aside > F(0) else F(1))
            bend += F(0) if along else to * (NEAR_M - ahead) / NEAR_M
            if ahead < PRESSED_M and abs(aside) < F(1.6) * RADIUS_M and pressed != OPPOSITE:
                pressed = BEHIND if along else OPPOSITE
    bend = min(max(bend, F(-1)), F(1))
    x, y = unit(dx - dy * bend, dy + dx * bend)
    return x, y, pressed


@kernel
def unit(x, y):
    """(x, y) scaled to length 1."""
    d = math.sqrt(x * x + y * y)
    return (x / d, y / d) if d > F(1e-6) else (F(1), F(0))


@kernel
def bearing(me, dx, dy):
    """Angle (rad, to the left positive) from where a body faces to the direction (dx, dy)."""
    return atan2(dy * me.cos - dx * me.sin, dx * me.cos + dy * me.sin)


@kernel
def turn_to(angle):
    """The choice of the head ``TURN`` that brings a body nearer to facing ``angle`` (rad, relative to where it faces)."""
    return TURN_LEFT if angle > AIM_RAD else (TURN_RIGHT if angle < -AIM_RAD else STRAIGHT)


@kernel
def head_for(me, dx, dy, pressed, side):
    """(walk, turn): the choices that take a body along (dx, dy), when ``give_way`` found it ``pressed``."""
    angle = bearing(me, dx, dy)
    turn = turn_to(angle)
    if pressed > 0:
        return (STAY if pressed == BEHIND else (LEFT if side > F(0) else RIGHT)), turn
    if abs(angle) < F(0.9):
        return FORWARD, turn
    if abs(angle) > F(2.6):
        return BACK, turn
    return (LEFT if angle > F(0) else RIGHT), turn
