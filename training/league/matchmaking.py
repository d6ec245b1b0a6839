"""Who plays whom: an opponent and a side for every episode, drawn from a table small enough to travel to runners."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import mix

MAIN = -1
"""The opponent that is the current policy itself."""
PAIRING = 0x50
"""Sets the keys of pairings apart from the streams of the world, which come from the same seeds."""
UNIT = 1.0 / (1 << 53)


@dataclass(frozen=True)
class Table:
    """All that a runner has to know to draw opponents."""

    names: tuple[str, ...]
    cumulative: np.ndarray  # float64 [M]: probabilities of the members, added up; the last is 1
    past: float
    """Share of the episodes that are played against a member; without members the current policy always meets itself."""


class Pairings(NamedTuple):
    """One row per episode."""

    opponents: np.ndarray  # int32 [E]: row of the table, or MAIN
    sides: np.ndarray  # int8 [E]: side of the current policy, 0 or 1; against itself it takes both, and the number means nothing

    def movers(self, side: int) -> np.ndarray:
        """int32 [E]: who moves ``side``: MAIN for the current policy, which is to learn from it, or a row of the table."""
        return np.where(self.sides == side, MAIN, self.opponents).astype(np.int32)


def draw(table: Table, keys: np.ndarray) -> Pairings:
    """Draw an opponent and a side for each of ``keys`` uint64 [E]; equal keys and tables give equal pairings, wherever they are drawn."""
    pairings = Pairings(np.empty(len(keys), np.int32), np.empty(len(keys), np.int8))
    _draw(keys, table.cumulative, table.past, pairings.opponents, pairings.sides)
    return pairings


def episode_keys(origin: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Keys uint64 [E] of the episodes that environments are in, from ``Episodes``' origin uint64 [E] and count int64 [E]."""
    keys = np.empty(len(origin), np.uint64)
    _keys(origin, count, keys)
    return keys


@kernel
def _keys(origin, count, keys):
    for e in range(len(keys)):
        keys[e] = mix(mix(origin[e], np.uint64(count[e])), np.uint64(PAIRING))


@kernel
def _draw(keys, cumulative, past, opponents, sides):
    for e in range(len(keys)):
        opponents[e] = MAIN
        if len(cumulative) > 0 and _unit(keys[e], 0) < past:
            drawn, j = _unit(keys[e], 1), 0
            while j < len(cumulative) - 1 and drawn >= cumulative[j]:
                j += 1
            opponents[e] = j
        sides[e] = mix(keys[e], np.uint64(2)) >> np.uint64(63)


@kernel
def _unit(key, purpose):
    """A float64 in [0, 1) with 53 random bits."""
    return np.float64(mix(key, np.uint64(purpose)) >> np.uint64(11)) * UNIT
