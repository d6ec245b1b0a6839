"""Tables of values of a commander: states are who owns what, and how strong the own team is; actions are where the team goes."""

import numpy as np

from avatarium.agents.populations.domination._forces import drawn
from avatarium.agents.populations.domination._team import View
from avatarium.worlds.domination.command import distributions
from avatarium.worlds.domination.state import POINTS

OWNERSHIPS = 3**POINTS
JOINT_AT_MOST = 3
"""Teams so large at most are sent out by name, each soldier to a point; larger ones as a distribution."""


def ownership(view: View) -> np.ndarray:
    """int64 [E] in [0, 27): who owns the middle, the own and the far point."""
    return np.asarray((view.owners.astype(np.int64) + 1) @ [9, 3, 1])


def strength(view: View, buckets: int) -> np.ndarray:
    """int64 [E] in [0, buckets): how much of the own team is in the arena."""
    n = view.here.shape[1]
    return np.asarray(np.minimum(view.here.sum(axis=1) * buckets // (n + 1), buckets - 1))


def assignments(soldiers: int) -> np.ndarray:
    """int64 [A, n]: every way to send each soldier to a point, A = 3 ** n; by name, not by number.

    >>> assignments(1).tolist()
    [[0], [1], [2]]
    """
    return np.arange(POINTS**soldiers)[:, None] // POINTS ** np.arange(soldiers) % POINTS


def actions(soldiers: int, joint: bool) -> int:
    """How many actions a commander of so many soldiers has."""
    return POINTS**soldiers if joint else len(distributions(soldiers))


def explore(values: np.ndarray, keys: np.ndarray, epsilon: np.ndarray | float) -> np.ndarray:
    """int64 [E]: the best action by ``values`` float32 [E, A], equal ones by lot; with probability ``epsilon`` any."""
    chance = drawn(keys, 2)
    lots = drawn(keys, values.shape[1], 2)
    best = np.where(values == values.max(axis=1, keepdims=True), lots, -1.0).argmax(axis=1)
    return np.asarray(np.where(chance[:, 0] < epsilon, (chance[:, 1] * values.shape[1]).astype(np.int64), best))


def learn(table: np.ndarray, rows: np.ndarray, state: np.ndarray, action: np.ndarray, target: np.ndarray, alpha: float) -> None:
    """Q(s, a) += alpha (target - Q(s, a)) in ``table`` [E, S, A], in place, for the teams ``rows`` [K]."""
    s, a = state[rows], action[rows]
    table[rows, s, a] += np.float32(alpha) * (target[rows] - table[rows, s, a]).astype(np.float32)
