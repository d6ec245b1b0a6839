"""Who won: outcomes of episodes between two sides, and their counts by opponent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.training.league.matchmaking import MAIN, Pairings

ITSELF = "itself"
"""The name under which games of the current policy against itself are counted."""
LOSS, DRAW, WIN = 0, 1, 2
"""Columns of counts."""


def decide(first: np.ndarray, second: np.ndarray, margin: float = 1e-6) -> np.ndarray:
    """int8 [E]: 1 where the first side won, -1 where the second did, 0 for a draw.

    ``first`` float [E, A] and ``second`` float [E, B] are the returns of the sides' avatars over their episodes. The larger mean wins;
    means that differ by no more than ``margin`` are a draw.
    """
    difference = first.mean(axis=1, dtype=np.float64) - second.mean(axis=1, dtype=np.float64)
    return np.asarray(np.subtract(difference > margin, difference < -margin, dtype=np.int8))


@dataclass(frozen=True)
class Results:
    """How the current policy fared against K opponents."""

    opponents: tuple[str, ...]
    counts: np.ndarray  # int64 [K, 2, 3]: by opponent, by the side that the current policy took, its losses, draws and wins

    @classmethod
    def of(cls, names: Sequence[str], pairings: Pairings, outcomes: np.ndarray) -> "Results":
        """Counts over E episodes from their pairings and ``outcomes`` int8 [E] of the first side; ``names`` are those of the table.

        A game against itself counts once, as one of the first side.
        """
        own = pairings.opponents == MAIN
        sides = np.where(own, 0, pairings.sides)
        counts = np.zeros((len(names) + 1, 2, 3), np.int64)
        np.add.at(counts, (np.where(own, len(names), pairings.opponents), sides, np.where(sides == 0, outcomes, -outcomes) + 1), 1)
        return cls((*names, ITSELF), counts)

    @classmethod
    def merged(cls, parts: Iterable["Results"]) -> "Results":
        """The sum of what several runners counted; they may have played by unlike tables."""
        total: dict[str, np.ndarray] = {}
        for part in parts:
            for name, counts in zip(part.opponents, part.counts, strict=True):
                total[name] = total.get(name, 0) + counts
        return cls(tuple(total), np.stack(list(total.values())) if total else np.zeros((0, 2, 3), np.int64))

    def score(self) -> dict[str, float]:
        """Share of points against every opponent that was met, a draw being half a point."""
        games, points = self.counts.sum(axis=(1, 2)), self.counts.sum(axis=1) @ np.array([0.0, 0.5, 1.0])
        return {name: float(p / n) for name, p, n in zip(self.opponents, points, games, strict=True) if n}
