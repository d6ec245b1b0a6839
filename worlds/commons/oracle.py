"""Pickers with a plan: they share out the patches and pick only what costs less growth than it is worth. It reads the state."""

import numpy as np

from avatarium.worlds.commons.growth import FEW, MANY, NEAR_M, RIPE, SOME
from avatarium.worlds.commons.picking import as_actions, clear_way, see
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.bodies import STEP_S
from avatarium.worlds.core.speech import NONE, USE

DETOUR_M = 4.0
"""How much further fruit may be in an own patch than in another, to be picked first."""
HARVEST_STEPS = 60
"""Before the end, in which nobody waits for anybody."""


def oracle(batch: Batch, role: str, envs: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 3] (float32 [B, 4] under continuous control) of pickers who coordinate.

    Only what is close by is taken from the observation, to get round hedges.
    """
    state, rows = batch.state, np.arange(len(envs))
    me = state.avatars[envs, avatars]
    worth = worth_picking(batch)[envs] & (state.owner[envs] == me["plot"][:, None])
    own = state.patch[envs] == (avatars % np.maximum(state.num_rooms[envs], 1))[:, None]
    dx, dy = state.trees[envs, 0] - me["x"][:, None], state.trees[envs, 1] - me["y"][:, None]
    away = np.hypot(dx, dy) + np.where(own, 0.0, DETOUR_M) + np.where(worth, 0.0, 100.0)
    target = np.where(np.arange(worth.shape[1]) < state.num_trees[envs][:, None], away, np.inf).argmin(axis=1)
    x, y = dx[rows, target], dy[rows, target]
    bearing = np.arctan2(y * me["cos"] - x * me["sin"], x * me["cos"] + y * me["sin"])
    meal = np.maximum(me["meal"], 0)
    eats = (me["meal"] >= 0) & worth[rows, meal]
    late = batch.config.episode_steps - batch.clock[envs] < HARVEST_STEPS
    eats &= late | one_by_one(eats, envs * state.rooms.shape[1] + state.patch[envs, meal])
    bearing = clear_way(see(batch.observations[role][envs, avatars], batch.config), bearing)
    turn = np.where(bearing > 0.17, 1, np.where(bearing < -0.17, 2, 0))
    walk = (np.abs(bearing) < 0.8) & ~eats & (np.hypot(x, y) > 0.5)
    return as_actions(walk.astype(int), turn, np.where(eats, USE, NONE), batch.config)


def worth_picking(batch: Batch) -> np.ndarray:
    """bool [N, T]: ripe trees whose fruit is worth more than the growth that picking it costs until the end of the episode."""
    state, growth = batch.state, batch.config.growth
    steps = np.array([0.0, growth.few, growth.some, growth.many])
    near = state.near.astype(int)
    speed, slower = (steps[np.searchsorted([FEW, SOME, MANY], np.maximum(n, 0), side="right")] for n in (near, near - 1))
    there = np.arange(near.shape[1]) < state.num_trees[:, None]
    ripe = (state.ripe == RIPE) & there
    x, y = state.trees[:, 0], state.trees[:, 1]
    beside = (x[:, :, None] - x[:, None]) ** 2 + (y[:, :, None] - y[:, None]) ** 2 <= NEAR_M * NEAR_M
    lost = (beside * np.where(ripe | ~there, 0.0, speed - slower)[:, None]).sum(axis=2) - speed
    left_s = (batch.config.episode_steps - batch.clock) * STEP_S
    return np.asarray(ripe & (lost * left_s[:, None] < 1.0))


def one_by_one(eats: np.ndarray, patch: np.ndarray) -> np.ndarray:
    """``eats`` [B] for the first in each patch [B] alone: what two take at once is more than each of them counts on."""
    first = np.zeros(len(eats), np.bool_)
    some = np.flatnonzero(eats)
    first[some[np.unique(patch[some], return_index=True)[1]]] = True
    return first
