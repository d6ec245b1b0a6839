"""How sure pillars and headlines are: seeds are drawn anew within each world, the same for everybody (stratified, paired bootstrap)."""

import hashlib
from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.ranking.columns import Column, Sheet
from avatarium.leaderboards.ranking.pillars import headline, iqm


@dataclass(frozen=True)
class Resampled:
    """Pillars and headline of P entrants, as scored and under R resamples."""

    names: tuple[str, ...]
    pillars: np.ndarray
    """float64 [K, P], in the order of ``names``."""
    headline: np.ndarray
    """float64 [P]."""
    pillar_draws: np.ndarray
    """float64 [K, P, R]."""
    headline_draws: np.ndarray
    """float64 [P, R]."""


def resample(sheet: Sheet, resamples: int = stats.RESAMPLES, seed: int = stats.SEED) -> Resampled:
    """Score everybody on the seeds as they are, and on ``resamples`` draws of them."""
    drawn = [weights(column, resamples, seed) for column in sheet.columns]
    found = []
    for pillar in sheet.pillars:
        mine = [k for k, column in enumerate(sheet.columns) if column.pillar == pillar]
        scores = np.concatenate([sheet.scores[k] for k in mine], axis=1)
        found.append(iqm(scores, np.concatenate([drawn[k] for k in mine], axis=1) / len(mine)))
    pillars = np.stack(found)
    heads = headline(np.moveaxis(pillars, 0, -1))
    return Resampled(sheet.pillars, pillars[..., 0], heads[:, 0], pillars[..., 1:], heads[:, 1:])


def weights(column: Column, resamples: int, seed: int) -> np.ndarray:
    """float64 [1 + R, S]: the weight of each seed, seeds ascending, rows summing to 1; first all alike, then as drawn.

    What is drawn follows from the world and its seeds alone: columns of a world that share seeds share draws, being the same episodes,
    and nobody's draws change when somebody enters or a column is added.
    """
    told = "\n".join([str(seed), column.world, *map(str, sorted(column.seeds))])
    key = int.from_bytes(hashlib.sha256(told.encode()).digest())
    drawn = stats.draws(np.zeros(len(column.seeds), int), resamples, key)
    return np.asarray(np.concatenate([np.ones((1, drawn.shape[1])), drawn]) / drawn.shape[1])
