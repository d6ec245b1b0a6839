"""Predictions that take no learning: standing still, going on as in the last step, going on along a line through all steps."""

from collections.abc import Callable

import numpy as np

from avatarium.training.trajectory.windows import OBSERVED, PREDICTED, Past

AHEAD = np.arange(1, PREDICTED + 1, dtype=np.float32)[:, None]


def still(observed: np.ndarray) -> np.ndarray:
    """float32 [N, 12, 2]: where everybody was last, from places observed [N, 8, 2]."""
    return np.repeat(observed[:, -1:], PREDICTED, axis=1)


def constant_velocity(observed: np.ndarray) -> np.ndarray:
    """float32 [N, 12, 2]: on and on as in the last step observed [N, 8, 2] (Schöller et al. 2020).

    >>> constant_velocity(np.array([[[0, 0]] * 7 + [[1, 0]]], np.float32))[0, -1]
    array([13.,  0.], dtype=float32)
    """
    return np.asarray(observed[:, -1:] + AHEAD * (observed[:, -1:] - observed[:, -2:-1]))


def line(observed: np.ndarray) -> np.ndarray:
    """float32 [N, 12, 2]: along the line, and at the pace, that fits the steps observed [N, 8, 2] best by least squares."""
    clock = np.arange(OBSERVED, dtype=np.float32) - (OBSERVED - 1) / 2
    slope = np.einsum("t,ntk->nk", clock, observed)[:, None] / (clock**2).sum()
    return np.asarray(observed.mean(axis=1, keepdims=True) + (AHEAD + clock[-1]) * slope, np.float32)


class Baseline:
    """One of these as a predictor: the same path S times."""

    def __init__(self, name: str, path: Callable[[np.ndarray], np.ndarray]) -> None:
        self.name, self._path = name, path

    def predict(self, past: Past, samples: int, seed: int = 0) -> np.ndarray:
        """float32 [samples, N, 12, 2]: predicted places, m."""
        return np.repeat(self._path(past.observed)[None], samples, axis=0)

    def likelihood(self, past: Past, future: np.ndarray) -> np.ndarray | None:
        """There is none: a path is no density."""
        return None


BASELINES = {name: Baseline(name, path) for name, path in {"still": still, "constant-velocity": constant_velocity, "line": line}.items()}
