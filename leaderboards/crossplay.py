"""Cross-play: do policies that learnt apart work together? Everybody of one role plays with everybody of another.

The gap between play with one's own partner and with strangers is that of Hu et al. 2020, "Other-play", arXiv:2003.02979.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from avatarium import agents
from avatarium.leaderboards.episodes import play_scored, setting
from avatarium.leaderboards.metrics import Metric
from avatarium.leaderboards.scoring import sums
from avatarium.leaderboards.stats import LEVEL, RESAMPLES, SEED, Interval
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError

Pair = tuple[str, str]
"""Who plays the first and who the second role, as ``agents.load`` takes them; they learnt together."""


@dataclass(frozen=True)
class Matrix:
    """How P pairs did with their own partner and with those of others."""

    world: str
    roles: tuple[str, str]
    metric: Metric
    names: tuple[str, ...]
    scores: np.ndarray
    """float64 [P, P]: first role of the row's pair with the second role of the column's."""
    episodes: int
    together: Interval
    """Mean of the diagonal: with one's own partner."""
    apart: Interval
    """Mean of all other cells: with strangers."""
    gap: Interval
    """The one less the other; intervals are over pairs."""


def crossplay(
    world: str,
    pairs: Mapping[str, Pair],
    seeds: Sequence[int],
    folder: Path,
    config: Mapping[str, Any] | None = None,
    metric: str = "",
    progress: Callable[[int], None] = lambda steps: None,
) -> Matrix:
    """Let the first of each pair play one episode per seed with the second of every pair, by ``metric``, else the world's headline.

    Raises UserError when there are fewer than two pairs, or the world has not two roles.
    """
    spec = discovery.spec(world)
    where = setting(spec, config or {})
    roles = spec.role_names()
    if len(roles) != 2 or len(pairs) < 2:
        raise UserError(f"cross-play takes two pairs or more in a world of two roles; {spec.name} has {', '.join(roles)}")
    known = {m.name: m for m in where.metrics}
    if metric and metric not in known:
        raise UserError(f"{spec.name} is not judged by {metric!r}: it is by {', '.join(known)}")
    judged = known[metric] if metric else where.metrics[0]
    names, scores = tuple(pairs), np.zeros((len(pairs), len(pairs)))
    for (row, mine), (column, theirs) in itertools.product(enumerate(names), enumerate(names)):
        first = agents.load(pairs[mine][0], world, roles[0], **where.config)
        beside = replace(where, others={roles[1]: pairs[theirs][1]})
        found = play_scored(beside, first, list(seeds), folder / f"{mine}+{theirs}", progress=progress)
        above, below = sums(judged, [found], np.zeros(len(found), int))
        scores[row, column] = above.sum() / below.sum() if below.sum() > 0 else np.nan
    return Matrix(spec.name, (roles[0], roles[1]), judged, names, scores, len(seeds), *gaps(scores))


def gaps(scores: np.ndarray) -> tuple[Interval, Interval, Interval]:
    """Means of the diagonal and of the other cells of float64 [P, P], and their difference, with 95 % bootstrap intervals over pairs.

    A resample draws P of the pairs; a cell between two draws of one and the same pair is no cross-play and is left out.
    """
    drawn = np.random.default_rng(SEED).integers(0, len(scores), (RESAMPLES, len(scores)))
    found = np.array([_means(scores, rows) for rows in drawn[(drawn != drawn[:, :1]).any(axis=1)]])
    together, apart = _means(scores, np.arange(len(scores)))
    low, high = np.quantile(np.column_stack([found, found[:, 0] - found[:, 1]]), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    values = (together, apart, together - apart)
    first, second, third = (Interval(value, float(a), float(b)) for value, a, b in zip(values, low, high, strict=True))
    return first, second, third


def _means(scores: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    strangers = rows[:, None] != rows[None, :]
    return float(np.diag(scores)[rows].mean()), float(scores[np.ix_(rows, rows)][strangers].mean())
