"""Pillars and the headline: a few robust numbers out of many normalised scores.

Within a part, such as a role of a world, a pillar is the interquartile mean of all its scores, columns by seeds, and over parts it is the
mean of these: parts that somebody has not entered, all zeros there, would otherwise be trimmed together with what was entered, whichever
is less. The interquartile mean (Agarwal et al. 2021, "Deep RL at the edge of the statistical
precipice", arXiv:2108.13264) is as robust as a median, and far surer from few seeds. With scores z sorted, W_k the share of weight at or
below the k-th, and Q their quantile function,

    IQM = 2 ∫ Q(u) du over 1/4 < u < 3/4 = z_n - 2 Σ_k (z_{k+1} - z_k) (clip(W_k, 1/4, 3/4) - 1/4).

So a score on the edge counts by the part of it that lies within: where the number of scores is a multiple of 4 this is the 25 % trimmed
mean, elsewhere it is continuous, and nothing jumps when a resample draws a seed once more. Columns weigh the same, however many seeds.

The headline is the geometric mean of K pillars shifted to where all are positive, headline = (Π (pillar + 1))^(1/K) - 1: the random
policy has 0, the reference policy 1, and who neglects a pillar has less than by the arithmetic mean. The shift of 1 is twice what the
lowest score needs, so that no pillar alone can bring the headline down to its floor.
"""

import numpy as np

from avatarium.worlds.core.kernels import kernel

SHIFT = 1.0
TRIM = 0.25


def iqm(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Interquartile means, float64 [P, R], of P rows of scores [P, N] under R weightings [R, N] whose rows sum to 1.

    Every row is sorted once; a weighting then only changes how far the cumulative weight has come at each of its scores.
    """
    order = np.argsort(scores, axis=1)
    ascending = np.take_along_axis(scores, order, axis=1)
    by_score = np.ascontiguousarray(weights.T, np.float64)  # [N, R]: what is looked up in the loop lies together
    below = np.zeros((len(scores), len(weights)))
    _below(np.diff(ascending, axis=1) / (1 - 2 * TRIM), order, by_score, np.empty(len(weights)), below)
    return np.asarray(ascending[:, -1:] - below)


@kernel
def _below(gaps, order, weights, reached, below):
    """Fill ``below`` [P, R], the sum of the formula, row by row, whatever other rows there are. ``reached`` is room for [R]."""
    for p in range(below.shape[0]):
        reached[:] = 0.0
        for k in range(gaps.shape[1]):
            weight, gap = weights[order[p, k]], gaps[p, k]
            for r in range(below.shape[1]):
                reached[r] += weight[r]
                below[p, r] += (min(max(reached[r], TRIM), 1 - TRIM) - TRIM) * gap


def headline(pillars: np.ndarray) -> np.ndarray:
    """One number from pillars [..., K]: their geometric mean, shifted so that random stays 0 and reference 1.

    >>> headline(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])).round(3)
    array([0.   , 1.   , 0.587])
    """
    return np.asarray(np.exp2(np.log2(np.asarray(pillars) + SHIFT).mean(axis=-1)) - SHIFT)
