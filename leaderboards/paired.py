"""Comparing what one policy does in several scenarios: episodes of the same seed are drawn together, so that differences are paired."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.metrics import Metric, Share
from avatarium.leaderboards.scoring import sums
from avatarium.leaderboards.stats import LEVEL, Interval


def shares(metric: Metric, episodes: Sequence[Episode]) -> dict[int, Share]:
    """Numerator and denominator by seed; an episode in which the policy failed has the metric's floor."""
    above, below = sums(metric, [episodes], np.zeros(len(episodes), int))
    return {e.seed: (float(a), float(b)) for e, a, b in zip(episodes, above[0], below[0], strict=True)}


def drawn(cells: Sequence[dict[int, Share]]) -> np.ndarray:
    """float64 [1 + R, C]: the score in each of C cells, then in R resamples of the seeds, the same ones for all cells; NaN without any.

    A seed that a cell has not been played with weighs nothing there.
    """
    seeds = sorted({seed for cell in cells for seed in cell})
    table = np.array([[cell.get(seed, (0.0, 0.0)) for seed in seeds] for cell in cells], float).reshape(len(cells), len(seeds), 2)
    weights = np.vstack([np.ones((1, len(seeds))), stats.draws(np.zeros(len(seeds), int))])
    above, below = weights @ table[..., 0].T, weights @ table[..., 1].T
    found: np.ndarray = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    return found


def mean(columns: np.ndarray) -> np.ndarray:
    """float64 [1 + R]: the mean over cells [1 + R, C], without those that have no score; NaN where none has."""
    known = ~np.isnan(columns)
    total = np.where(known, columns, 0.0).sum(axis=1)
    found: np.ndarray = np.divide(total, known.sum(axis=1), out=np.full(len(columns), np.nan), where=known.any(axis=1))
    return found


def interval(values: np.ndarray) -> Interval:
    """A score [1 + R], the first of which is the one that was measured, with its 95 % interval."""
    known = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]) or not len(known):
        return Interval(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(values[0]), float(low), float(high))
