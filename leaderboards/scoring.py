"""From episodes to scores: which sums are divided, what a failed episode is worth, who is ahead of whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.metrics import Metric


@dataclass(frozen=True)
class Score:
    """One policy's score by one metric."""

    value: float
    low: float
    high: float
    """The 95 % bootstrap interval."""
    best_rank: int
    worst_rank: int
    """The places that the episodes leave open, 1 being the first."""


def scores(found: Mapping[str, Sequence[Episode]], strata: Sequence[int], metrics: Sequence[Metric]) -> dict[str, dict[str, Score]]:
    """Scores by policy and metric of policies that all played the same E episodes; ``strata`` [E] tells their scenarios apart."""
    groups = np.asarray(strata)
    by_metric = {m.name: _by(m, list(found.values()), groups) for m in metrics}
    return {name: {metric: column[k] for metric, column in by_metric.items()} for k, name in enumerate(found)}


def _by(metric: Metric, rows: list[Sequence[Episode]], strata: np.ndarray) -> list[Score]:
    standing = stats.standing(*sums(metric, rows, strata), strata)
    ranks = standing.ranks(metric.higher_is_better)
    return [Score(i.value, i.low, i.high, *rank) for i, rank in zip(standing.intervals(), ranks, strict=True)]


def sums(metric: Metric, rows: list[Sequence[Episode]], strata: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numerators and denominators, float64 [P, E] each; episodes in which a policy failed have its floor and a full weight.

    Those in which its partner failed count for nothing. The weight is the largest that any policy's episode has in that scenario, so that
    failing never makes a bad episode count less.
    """
    shares = np.array([[e.shares.get(metric.name, (0.0, 0.0)) for e in row] for row in rows], np.float64)
    failed = np.array([[e.fault is not None and not e.partner_fault for e in row] for row in rows])
    above, below = shares[..., 0], shares[..., 1]
    for stratum in np.unique(strata) if failed.any() else ():
        where = strata == stratum
        weight = below[:, where].max(initial=0.0) or 1.0
        mark = failed & where
        below[mark], above[mark] = weight, weight * _floor(metric, above[:, where], below[:, where])
    return above, below


def _floor(metric: Metric, above: np.ndarray, below: np.ndarray) -> float:
    """What a failed episode scores: the metric's floor, else the worst that was seen."""
    if metric.floor is not None:
        return metric.floor
    valid = below > 0
    values = above[valid] / below[valid]
    return float(values.min() if metric.higher_is_better else values.max()) if len(values) else 0.0
