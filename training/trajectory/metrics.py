"""Errors of predictions in metres, and how often predicted people run into one another.

N rows, S paths predicted for each, T steps. Steps after somebody is gone count for nothing.
"""

import numpy as np

TOUCHING_M = 0.2
"""Two predicted people whose middles are nearer than that at one time collide."""


def distances(paths: np.ndarray, future: np.ndarray) -> np.ndarray:
    """float32 [S, N, T]: from the predicted places [S, N, T, 2] to the true ones [N, T, 2], m."""
    return np.asarray(np.linalg.norm(paths - future, axis=-1))


def ade(paths: np.ndarray, future: np.ndarray) -> np.ndarray:
    """Average displacement error, float [N]: mean over the steps of the distance, m; the least of the S paths.

    >>> ade(np.zeros((1, 1, 2, 2)), np.array([[[3.0, 4.0], [np.nan, np.nan]]]))
    array([5.])
    """
    return np.asarray(np.nanmean(distances(paths, future), axis=-1).min(axis=0))


def fde(paths: np.ndarray, future: np.ndarray) -> np.ndarray:
    """Final displacement error, float [N]: distance at the last step that there is, m; the least of the S paths."""
    last = (~np.isnan(future[..., 0])).sum(axis=1) - 1
    return np.asarray(distances(paths, future)[:, np.arange(len(future)), last].min(axis=0))


def collides(path: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """bool [N]: whether a path [N, T, 2] comes nearer than ``TOUCHING_M`` to that of another row of its ``moment`` [N].

    Not-a-number touches nobody.
    """
    found = np.zeros(len(path), bool)
    begins = np.flatnonzero(np.diff(moment, prepend=-1))
    for begin, end in zip(begins, [*begins[1:], len(path)], strict=True):
        some = path[begin:end]
        touching = (np.linalg.norm(some[:, None] - some[None], axis=-1) < TOUCHING_M).any(axis=-1)
        np.fill_diagonal(touching, False)
        found[begin:end] = touching.any(axis=1)
    return found
