"""Pillars and the headline: a few robust numbers out of many normalised scores.

A pillar is the interquartile mean of all its scores, columns by seeds (Agarwal et al. 2021, "Deep RL at the edge of the statistical
precipice", arXiv:2108.13264): as robust as a median, and far surer from few seeds. With scores z sorted, W_k the share of weight at or
below the k-th, and Q their quantile function,

    IQM = 2 ∫ Q(u) du over 1/4 < u < 3/4 = z_n - 2 Σ_k (z_{k+1} - z_k) (clip(W_k, 1/4, 3/4) - 1/4).

So a score on the edge counts by the part of it that lies within: where the number of scores is a multiple of 4 this is the 25 % trimmed
mean, elsewhere it is continuous, and nothing jumps when a resample draws a seed once more. Columns weigh the same, however many seeds.

The headline is the geometric mean of K pillars shifted to where all are positive, headline = (Π (pillar + 1))^(1/K) - 1: the random
policy has 0, the reference policy 1, and who neglects a pillar has less than by the arithmetic mean. The shift of 1 is twice what the
lowest score needs, so that no pillar alone can bring the headline down to its floor.
"""

import numpy as np

SHIFT = 1.0
TRIM = 0.25
CHUNK = 8
"""Entrants at a time, so that what is being worked on stays in the processor's cache."""


def iqm(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Interquartile means, float64 [P, R], of P rows of scores [P, N] under R weightings [R, N] whose rows sum to 1.

    Every row is sorted once; a weighting then only changes how far the cumulative weight has come at each of its scores.
    """
    order = np.argsort(scores, axis=1)
    ascending = np.take_along_axis(scores, order, axis=1)
    by_score = np.ascontiguousarray(weights.T, np.float64)  # [N, R]: what is looked up in the loop lies together
    found = np.empty((len(scores), len(weights)))
    for k in range(0, len(scores), CHUNK):
        found[k : k + CHUNK] = _iqm(ascending[k : k + CHUNK], order[k : k + CHUNK], by_score)
    return found


def _iqm(ascending: np.ndarray, order: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The same for a few rows that are sorted already. Element by element, since sums by BLAS depend on what else is in the matrix."""
    gaps = np.diff(ascending, axis=1) / (1 - 2 * TRIM)
    reached = np.zeros((len(order), weights.shape[1]))
    within, below = np.empty_like(reached), np.zeros_like(reached)
    for k in range(gaps.shape[1]):
        reached += weights[order[:, k]]
        np.clip(reached, TRIM, 1 - TRIM, out=within)
        within -= TRIM
        within *= gaps[:, k, None]
        below += within
    return np.asarray(ascending[:, -1:] - below)


def headline(pillars: np.ndarray) -> np.ndarray:
    """One number from pillars [..., K]: their geometric mean, shifted so that random stays 0 and reference 1.

    >>> headline(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])).round(3)
    array([0.   , 1.   , 0.587])
    """
    return np.asarray(np.exp2(np.log2(np.asarray(pillars) + SHIFT).mean(axis=-1)) - SHIFT)
