"""How sure pillars and headlines are: seeds are drawn anew within each world, the same for everybody (stratified, paired bootstrap)."""

import functools
import hashlib
from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.ranking.columns import Column, Sheet
from avatarium.leaderboards.ranking.pillars import headline, iqm
from avatarium.worlds.core.kernels import kernel


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
    pillars = np.stack([_pillar(sheet, drawn, pillar) for pillar in sheet.pillars])
    heads = headline(np.moveaxis(pillars, 0, -1))
    return Resampled(sheet.pillars, pillars[..., 0], heads[:, 0], pillars[..., 1:], heads[:, 1:])


def _pillar(sheet: Sheet, drawn: list[np.ndarray], pillar: str) -> np.ndarray:
    """float64 [P, 1 + R]: a pillar as scored and as drawn, the mean of its parts, each of which is an interquartile mean."""
    groups = dict.fromkeys(column.group for column in sheet.columns if column.pillar == pillar)
    total = np.zeros((len(sheet.scores[0]), len(drawn[0])))
    for group in groups:
        mine = [k for k, column in enumerate(sheet.columns) if (column.pillar, column.group) == (pillar, group)]
        scores = np.concatenate([sheet.scores[k] for k in mine], axis=1)
        total += iqm(scores, np.concatenate([drawn[k] for k in mine], axis=1) / len(mine))
    return total / len(groups)


def weights(column: Column, resamples: int, seed: int) -> np.ndarray:
    """float64 [1 + R, S]: the weight of each seed, seeds ascending, rows summing to 1; first all alike, then as drawn.

    What is drawn follows from the world and its seeds alone: columns of a world that share seeds share draws, being the same episodes,
    and nobody's draws change when somebody enters or a column is added.
    """
    return _weights(column.world, tuple(sorted(column.seeds)), resamples, seed)


@functools.lru_cache(maxsize=32)
def _weights(world: str, seeds: tuple[int, ...], resamples: int, seed: int) -> np.ndarray:
    told = "\n".join([str(seed), world, *map(str, seeds)])
    key = int.from_bytes(hashlib.sha256(told.encode()).digest())
    drawn = stats.draws(np.zeros(len(seeds), int), resamples, key)
    found = np.concatenate([np.ones((1, len(seeds))), drawn]) / len(seeds)
    found.flags.writeable = False
    return found


def means(scores: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Weighted means, float64 [P, R], of scores [P, S] under R weightings [R, S].

    Row by row: sums by BLAS depend on what else is in the matrix.
    """
    found = np.zeros((len(scores), len(drawn)))
    _means(np.ascontiguousarray(scores, np.float64), np.ascontiguousarray(drawn.T), found)
    return found


@kernel
def _means(scores, weights, found):
    """Add to ``found`` [P, R] scores [P, S] times weights [S, R]."""
    for p in range(scores.shape[0]):
        for s in range(scores.shape[1]):
            weight, score = weights[s], scores[p, s]
            for r in range(found.shape[1]):
                found[p, r] += weight[r] * score
