"""How someone walks who knows the way: along the shortest path, giving way by the local custom. The crowd and the oracle do."""

import math

import numpy as np

from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.bodies import STAY, STRAIGHT, clear_of_boxes
from avatarium.worlds.core.geodesic import waypoint
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.walking import give_way, head_for, unit

F = np.float32
KEEP_RIGHT, KEEP_LEFT, PUSHY = 1, 2, 3
"""Customs; the pushy walk as if nobody else were there."""
REACH_CELLS = 12


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
    return head_for(me, dx, dy, pressed, side)


@kernel
def drift(state, i, me, dx, dy, side):
    """The heading turned a little towards the customary side where there is room on it."""
    ox, oy = me.x - side * dy * F(0.5), me.y + side * dx * F(0.5)
    if clear_of_boxes(state.plan, i, ox, oy):
        return unit(dx - side * dy * F(0.3), dy + side * dx * F(0.3))
    return dx, dy


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
