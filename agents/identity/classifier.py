"""Tells subjects apart by features: linear discriminant analysis with a shrunken covariance.

After Friedman 1989, Regularized discriminant analysis. Means of a few windows say little, and a covariance of as many features as there are
windows says nothing by itself: drawn towards its diagonal it is safe to invert. Every subject is taken to be as likely as any other.
"""

from dataclasses import dataclass

import numpy as np

SHRINKAGE = 0.1
LEAST_VARIANCE = 1e-3
CLIP = 5.0
"""Deviations beyond which a feature of a window is taken for an outlier."""


@dataclass(frozen=True)
class Discriminant:
    """A fitted classifier of K subjects by F features."""

    centre: np.ndarray  # float64 [F]
    scale: np.ndarray  # float64 [F]
    weights: np.ndarray  # float64 [F, K]
    offsets: np.ndarray  # float64 [K]

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Logarithms of how likely each subject is, float64 [W, K], for windows [W, F]."""
        found = _standard(features, self.centre, self.scale) @ self.weights + self.offsets
        found -= found.max(axis=1, keepdims=True)
        return np.asarray(found - np.log(np.exp(found).sum(axis=1, keepdims=True)))


def fit(features: np.ndarray, subjects: np.ndarray, count: int) -> Discriminant:
    """Learn windows float64 [W, F] of subjects int [W], 0 to ``count`` - 1; each subject has at least one window."""
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-9, scale, np.inf)  # what never changes tells nothing
    known = _standard(features, centre, scale)
    member = np.zeros((count, len(known)))
    member[subjects, np.arange(len(known))] = 1.0
    means = member @ known / member.sum(axis=1, keepdims=True)
    weights = _solved((known - means[subjects]) / np.sqrt(max(len(known) - count, 1)), means.T)
    return Discriminant(centre, scale, weights, -0.5 * (means.T * weights).sum(axis=0))


def _solved(rest: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The shrunken covariance of ``rest`` [W, F], inverted, times ``means`` [F, K]; the smaller system is solved (Woodbury's identity)."""
    variances, share = (rest**2).sum(axis=0), 1 - SHRINKAGE
    own = np.maximum(variances, LEAST_VARIANCE) - share * variances
    if len(rest) >= rest.shape[1]:
        return np.asarray(np.linalg.solve(share * rest.T @ rest + np.diag(own), means))
    part, scaled = means / own[:, None], rest / own
    inner = np.eye(len(rest)) / share + scaled @ rest.T
    return np.asarray(part - scaled.T @ np.linalg.solve(inner, rest @ part))


def _standard(features: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip((features - centre) / scale, -CLIP, CLIP))
