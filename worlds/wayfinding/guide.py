"""How someone walks who knows the way: along the shortest path, giving way by the local custom. The crowd and the oracle do."""

import math

import numpy as np

from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.bodies import BACK, FORWARD, LEFT, RADIUS_M, RIGHT, STAY, STRAIGHT, TURN_LEFT, TURN_RIGHT, clear_of_boxes
from avatarium.worlds.core.geodesic import waypoint
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.trig import atan2

F = np.float32
KEEP_RIGHT, KEEP_LEFT, PUSHY = 1, 2, 3
"""Customs; the pushy walk as if nobody else were there."""
REACH_CELLS = 12
NEAR_M, PRESSED_M = F(1.6), F(0.7)
BEHIND, OPPOSITE = 1, 2


@kernel
def choose(state, i, a, custom):
    """(walk, turn): what avatar ``a`` of environment ``i`` does to follow its way under a custom."""
    me = state.avatars[i, a]
    tx, ty = waypoint(state.plan, i, state.ways[i, a], me.x, me.y, REACH_CELLS)
    dx, dy = tx - me.x, ty - me.y
    d = math.sqrt(dx * dx + dy * dy)
    if d < F(1e-3):
        return STAY, STRAIGHT
    dx, dy = dx / d, dy / d
    side = F(1) if custom == KEEP_LEFT else F(-1)
    if custom in (KEEP_RIGHT, KEEP_LEFT) and d > F(1.5):
        dx, dy = drift(state, i, me, dx, dy, side)
    pressed = 0
    if custom != PUSHY:
        dx, dy, pressed = give_way(state.avatars[i], a, dx, dy, side, custom)
    angle = atan2(dy * me.cos - dx * me.sin, dx * me.cos + dy * me.sin)
    turn = TURN_LEFT if angle > F(0.16) else (TURN_RIGHT if angle < F(-0.16) else STRAIGHT)
    if pressed > 0:
        return (STAY if pressed == BEHIND else (LEFT if side > F(0) else RIGHT)), turn
    if abs(angle) < F(0.9):
        return FORWARD, turn
    if abs(angle) > F(2.6):
        return BACK, turn
    return (LEFT if angle > F(0) else RIGHT), turn


@kernel
def drift(state, i, me, dx, dy, side):
    """The heading turned a little towards the customary side where there is room on it."""
    ox, oy = me.x - side * dy * F(0.5), me.y + side * dx * F(0.5)
    if clear_of_boxes(state.plan, i, ox, oy):
        return unit(dx - side * dy * F(0.3), dy + side * dx * F(0.3))
    return dx, dy


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
def choose_rows(state, envs, avatars, custom, out):
    """Fill ``out`` [B, 2] with the choices of avatars ``avatars`` [B] in environments ``envs`` [B]."""
    for k in range(envs.shape[0]):
        out[k, 0], out[k, 1] = choose(state, envs[k], avatars[k], custom)


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 2] (float32 [B, 3] under continuous control) of walkers that know the plan: an upper bound on learners."""
    return walk(batch, role, envs, avatars, 0)


def walk(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray, custom: int) -> np.ndarray:
    """What ``oracle`` gives, under a custom."""
    choices = np.zeros((len(envs), 2), np.int32)
    choose_rows(batch.state, np.asarray(envs, np.int64), np.asarray(avatars, np.int64), custom, choices)
    return as_controls(choices) if batch.roles[role].continuous else choices


def as_controls(choices: np.ndarray) -> np.ndarray:
    """Choices of the heads walk and turn [B, 2] as continuous controls forward, left, turn: float32 [B, 3]."""
    forward = np.array([0, 1, -1, 0, 0], np.float32)[choices[:, 0]]
    left = np.array([0, 0, 0, 1, -1], np.float32)[choices[:, 0]]
    return np.stack([forward, left, np.array([0, 1, -1], np.float32)[choices[:, 1]]], axis=1)
