"""Places: who is ahead of whom, as far as the resamples can tell."""

from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards.stats import LEVEL
from avatarium.worlds.core.kernels import kernel


@dataclass(frozen=True)
class Placing:
    """Where P entrants stand."""

    place: np.ndarray
    """int64 [P]: the place to print, 1 being the first; who cannot be told apart may share one."""
    best: np.ndarray
    worst: np.ndarray
    """int64 [P]: the ranks that 95 % of the resamples leave open; the rank by score is always among them."""
    better: np.ndarray
    """float64 [P, P]: how likely the row's entrant is better than the column's; equal scores count half."""


def placing(scores: np.ndarray, resampled: np.ndarray) -> Placing:
    """Compare entrants by their scores [P], which are to be finite, and by the same under R resamples [P, R]; higher is better.

    Being separable is not transitive: A and B, B and C may be too close to call, and A clearly better than C. So places are not groups
    but counts. One's place is one more than the number of entrants that are better in at least 95 % of the resamples, or the place of
    somebody with at least the same score, where that is further down. Read from the top, scores fall and places never do; a place
    says how many are surely ahead, and the first place is taken by all of whom nobody can say that somebody is better.
    """
    above = outscored(resampled)
    lead = np.zeros((len(scores), len(scores)), np.int32)
    _lead(above, lead)
    better = 0.5 + lead / (2 * max(1, resampled.shape[1]))
    rank = 1 + outscored(scores[:, None])[:, 0]
    low, high = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    best = 1 + np.quantile(above, low, axis=1, method="lower")
    worst = 1 + np.quantile(above, high, axis=1, method="higher")
    behind = 1 + (better >= LEVEL).sum(axis=0)
    place = np.where(scores[None, :] >= scores[:, None], behind, 1).max(axis=1, initial=1)
    return Placing(place, np.minimum(best, rank), np.maximum(worst, rank), better)


def outscored(scores: np.ndarray) -> np.ndarray:
    """By how many of P entrants each is outscored in each of R resamples, int [P, R] from finite scores [P, R]; equal ones share a number.

    Numbers of two bytes as long as these suffice, since comparing pairs of entrants is a matter of how many numbers fit into a register.
    """
    by_resample = np.ascontiguousarray(scores.T)
    order = np.argsort(by_resample, axis=1)
    found = np.empty(order.shape, np.int16 if len(scores) <= np.iinfo(np.int16).max else np.int32)
    _outscored(by_resample, order, found)
    return np.ascontiguousarray(found.T)


@kernel
def _outscored(scores, order, found):
    """Fill ``found`` [R, P] from scores [R, P] and their ascending order."""
    last = order.shape[1] - 1
    for r in range(order.shape[0]):
        above = 0
        for k in range(last, -1, -1):
            if k < last and scores[r, order[r, k]] < scores[r, order[r, k + 1]]:
                above = last - k
            found[r, order[r, k]] = above


@kernel
def _lead(above, lead):
    """Fill ``lead`` [P, P]: in how many more resamples the row's entrant is better than the column's than the other way round."""
    for i in range(above.shape[0]):
        for j in range(i + 1, above.shape[0]):
            one, other = above[i], above[j]
            more = np.int32(0)
            for r in range(above.shape[1]):
                more = np.int32(more + np.int32(one[r] < other[r]) - np.int32(other[r] < one[r]))
            lead[i, j] = more
            lead[j, i] = -more
