"""What plans share: who is to hold what, random choices, and sending a team out as a distribution."""

import numpy as np

from avatarium.agents.scripted import uniform
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.domination.command import match
from avatarium.worlds.domination.state import MOST, POINTS

FAR_M = 1e3


def evenly(soldiers: int) -> np.ndarray:
    """int64 [n]: soldiers spread over the points in turn."""
    return np.arange(soldiers) % POINTS


def nearest(ways: np.ndarray, open_points: np.ndarray) -> np.ndarray:
    """int64 [E, n]: for each avatar with ways [E, n, POINTS] the nearest of the points ``open_points`` bool [E, POINTS], or of all."""
    some = open_points | ~open_points.any(axis=1, keepdims=True)
    return np.asarray(np.where(some[:, None], ways, FAR_M).argmin(axis=2))


def drawn(keys: np.ndarray, columns: int, first: int = 0) -> np.ndarray:
    """float64 [E, columns]: random numbers in [0, 1) from keys [E]; the first so many may be in use elsewhere."""
    return np.stack([uniform(keys, first + k) for k in range(columns)], axis=1)


def sent(ways: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """int64 [E, n]: who goes where when ``counts`` int64 [E, POINTS] are to go and all ways [E, n, POINTS] together are to be shortest."""
    orders = np.zeros(ways.shape[:2], np.int64)
    cost, choice = np.zeros((MOST + 1, MOST + 1), np.float32), np.zeros((MOST, MOST + 1, MOST + 1), np.uint8)
    _match_all(np.ascontiguousarray(ways), counts, cost, choice, orders)
    return orders


@kernel
def _match_all(ways, counts, cost, choice, orders):
    for e in range(ways.shape[0]):
        match(ways[e], counts[e, 0], counts[e, 1], cost, choice, orders[e])
