"""Trees: who bears fruit, and how fast the others bear again."""

import numpy as np

from avatarium.worlds.core.bodies import STEP_S
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.rng import RULES, uniform

F = np.float32
NEAR_M = F(2)
FEW, SOME, MANY = 1, 3, 5
"""Ripe trees within ``NEAR_M`` from which on a bare tree grows faster, as in Perolat et al. 2017."""
BARE, RIPE, RIPENING = 0, 1, 2


@kernel
def chance(growth, near):
    """Chance that a bare tree with ``near`` ripe ones around bears again in one step."""
    if near >= MANY:
        return F(growth.many) * STEP_S
    if near >= SOME:
        return F(growth.some) * STEP_S
    return F(growth.few) * STEP_S if near >= FEW else F(0)


@inlined
def grow(state, stream, growth, i):
    """Let bare trees of environment ``i`` bear again, all by what was ripe before."""
    ripe, near, ripening = state.ripe[i], state.near[i], 0
    few, some, many = chance(growth, FEW), chance(growth, SOME), chance(growth, MANY)
    for t in range(state.num_trees[i]):
        if ripe[t] == BARE and near[t] >= FEW:
            odds = many if near[t] >= MANY else (some if near[t] >= SOME else few)
            if uniform(stream, i, RULES) < odds:
                ripe[t] = RIPENING
                ripening += 1
    if ripening > 0:
        for t in range(state.num_trees[i]):
            if ripe[t] == RIPENING:
                bear(state, i, t)


@kernel
def bear(state, i, t):
    """Tree ``t`` bears fruit."""
    state.ripe[i, t] = RIPE
    tell(state, i, t, 1)


@kernel
def pick(state, i, t):
    """Take the fruit of tree ``t``; returns how many ripe trees are left in its patch."""
    state.ripe[i, t] = BARE
    return tell(state, i, t, -1)


@kernel
def tell(state, i, t, change):
    """Correct the counts of the trees around tree ``t`` by ``change``; returns how many trees of its patch are ripe.

    Patches are more than ``NEAR_M`` apart, so that no tree outside its patch has to be told.
    """
    patch, xs, ys, ripe = state.rooms[i, state.patch[i, t]], state.trees[i, 0], state.trees[i, 1], 0
    for k in range(patch.first, patch.first + patch.count):
        dx, dy = xs[k] - xs[t], ys[k] - ys[t]
        if k != t and dx * dx + dy * dy <= NEAR_M * NEAR_M:
            state.near[i, k] += change
        ripe += 1 if state.ripe[i, k] == RIPE else 0
    return ripe
