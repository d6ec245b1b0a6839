"""Rotations as quaternions x, y, z, w (float64 [..., 4])."""

import numpy as np


def about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Rotations by ``angle`` (rad) [T] about x (0), y (1) or z (2).

    >>> about(2, np.array([np.pi])).round(3)
    array([[0., 0., 1., 0.]])
    """
    found = np.zeros((len(angle), 4))
    found[:, axis], found[:, 3] = np.sin(angle / 2), np.cos(angle / 2)
    return found


def after(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The rotation that does ``first``, then ``second``, both in the axes that stay (the product of the quaternions)."""
    x, y, z, w = np.moveaxis(second, -1, 0)
    a, b, c, d = np.moveaxis(first, -1, 0)
    return np.stack(
        [w * a + x * d + y * c - z * b, w * b - x * c + y * d + z * a, w * c + x * b - y * a + z * d, w * d - x * a - y * b - z * c],
        axis=-1,
    )


def turned(rotation: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Vectors [..., 3] turned by rotations [..., 4] of length 1."""
    axis, w = rotation[..., :3], rotation[..., 3:]
    across = 2.0 * np.cross(axis, vector)
    return np.asarray(vector + w * across + np.cross(axis, across))


def unit(rotation: np.ndarray) -> np.ndarray:
    """Rotations brought to length 1; one of length 0 becomes no rotation."""
    size = np.linalg.norm(rotation, axis=-1, keepdims=True)
    return np.where(size > 1e-9, rotation / np.maximum(size, 1e-9), np.array([0.0, 0.0, 0.0, 1.0]))
