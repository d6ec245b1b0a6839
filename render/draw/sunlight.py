"""Where the sun stands and what it sees: the shadow map's camera."""

import numpy as np

SUN = np.array([0.42, -0.50, 0.95]) / np.linalg.norm([0.42, -0.50, 0.95])
"""Unit vector towards the sun."""


def sun_camera(bounds: tuple[float, float, float, float], height_m: float) -> np.ndarray:
    """Orthographic view from the sun that just holds everything between the floor of ``bounds`` and ``height_m``, float64 [4, 4]."""
    x0, y0, x1, y1 = bounds
    right = np.cross(-SUN, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    view = np.stack([right, np.cross(right, -SUN), SUN])
    corners = np.array([(x, y, z) for x in (x0 - 0.5, x1 + 0.5) for y in (y0 - 0.5, y1 + 0.5) for z in (-0.4, height_m + 0.3)]) @ view.T
    low, high = corners.min(0), corners.max(0)
    matrix = np.eye(4)
    matrix[:3, :3] = view * (2.0 / (high - low))[:, None]
    matrix[:3, 3] = -(high + low) / (high - low)
    matrix[2] *= -1.0
    return matrix
