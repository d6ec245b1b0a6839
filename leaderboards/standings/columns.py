"""From sums to what is ranked: one score for each entrant, column and seed."""

from collections.abc import Sequence

import numpy as np

from avatarium.leaderboards.ranking.columns import LOW, Column
from avatarium.leaderboards.scenarios.pillars import Counted
from avatarium.leaderboards.seasons.definition import Part
from avatarium.leaderboards.standings.sums import Sums
from avatarium.worlds.core.errors import UserError


def columns(part: Part, seeds: Sequence[int]) -> list[Column]:
    """What a part is ranked by, a column for each metric that counts in a mode. Raises UserError where an anchor is missing."""
    return [
        Column(part.spec.name, mode_of(part, c), c.metric, c.pillar, *scale(part, c), tuple(seeds), part.role)
        for c in part.counted
        if _rows(part, c)
    ]


def mode_of(part: Part, counted: Counted) -> str:
    """What a column calls its mode: with the role before it, since other roles of the world have columns of their own.

    >>> mode_of(Part("concierge", 2, "host", 8, (), (), (), (), ""), Counted("social", "solo", "success"))
    'host solo'
    """
    return f"{part.role} {counted.mode}"


def scale(part: Part, counted: Counted) -> tuple[float, float]:
    """What the random and the reference policy score in a column: means over those of its scenarios in which both have a score."""
    keys = {part.keys[k] for k in _scenarios(part, counted)}
    found = [(one.random, one.reference) for one in part.anchors if one.scenario in keys and one.metric == counted.metric]
    if not found:
        raise UserError(f"{counted.metric} of {part.role} in {part.world} has no anchors: make them by `avatarium anchors {part.world}`")
    low, high = np.mean(found, axis=0)
    return float(low), float(high)


def values(part: Part, column: Column, counted: Counted, entrants: Sequence[Sums]) -> np.ndarray:
    """float64 [P, S]: scores of P entrants in one column, seed by seed; means over its scenarios.

    An episode in which a policy failed has the least that there is, whatever others did. One that gave no occasion for the metric is left
    out; where a seed gave none in any scenario, the entrant's mean over the other seeds stands in, which neither helps nor harms.
    """
    rows, metric = _rows(part, counted), part.metrics.index(counted.metric)
    shares = np.stack([one.shares[:, rows, metric] for one in entrants], axis=1) if entrants else np.zeros((2, 0, len(rows), part.episodes))
    failed = np.stack([one.failed[rows] for one in entrants]) if entrants else np.zeros(shares.shape[1:], bool)
    above, below = shares
    found = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    found[failed] = column.random + LOW * (column.reference - column.random)
    there = ~np.isnan(found)
    total, count = np.where(there, found, 0.0).sum(axis=1), there.sum(axis=1)
    scores = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    some = count > 0
    mean = np.divide(np.where(some, scores, 0.0).sum(axis=1), some.sum(axis=1), out=np.full(len(scores), np.nan), where=some.any(axis=1))
    return np.asarray(np.where(some, scores, mean[:, None]))


def _scenarios(part: Part, counted: Counted) -> list[int]:
    return [k for k in part.counting if part.scenarios[k].mode.name == counted.mode]


def _rows(part: Part, counted: Counted) -> list[int]:
    """Where the scenarios of a column are among those that make the table."""
    return [c for c, k in enumerate(part.counting) if part.scenarios[k].mode.name == counted.mode]
