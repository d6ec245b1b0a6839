"""Places: who is ahead of whom, as far as the resamples can tell."""

from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards.stats import LEVEL


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
    entrants = len(scores)
    above, ahead = np.zeros(resampled.shape, np.int64), np.zeros((entrants, entrants))
    for k in range(entrants):
        beaten = resampled > resampled[k]
        above[k] = np.add.reduce(beaten, axis=0, dtype=np.int32)
        ahead[:, k] = np.count_nonzero(beaten, axis=1)
    better = 0.5 + (ahead - ahead.T) / (2 * max(1, resampled.shape[1]))
    rank = 1 + (scores[None, :] > scores[:, None]).sum(axis=1)
    low, high = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    best = 1 + np.quantile(above, low, axis=1, method="lower")
    worst = 1 + np.quantile(above, high, axis=1, method="higher")
    behind = 1 + (better >= LEVEL).sum(axis=0)
    place = np.where(scores[None, :] >= scores[:, None], behind, 1).max(axis=1, initial=1)
    return Placing(place, np.minimum(best, rank), np.maximum(worst, rank), better)
