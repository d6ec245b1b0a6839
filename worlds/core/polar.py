"""Where things lie around an avatar: an egocentric map of sectors and rings, after the polar histogram of Borenstein and Koren (1991)."""

import numpy as np

from avatarium.worlds.core.kernels import kernel

F = np.float32
SECTORS, RINGS = 8, 3
SIZE = SECTORS * RINGS
BORDERS_M = (F(2), F(5), F(10))
"""Where rings end."""
COS, SIN = F(np.cos(np.pi / SECTORS)).round(6), F(np.sin(np.pi / SECTORS)).round(6)
"""Half a sector."""
_ORDER = np.array([0, 3, 7, 4, 1, 2, 6, 5], np.uint8)
"""Sector by (behind) + 2 (right) + 4 (more aside than along), in a frame turned by half a sector."""


@kernel
def sort(me, xs, ys, count, bins, away2):
    """Find the bin of each of the first ``count`` points (``xs``, ``ys``) in metres around avatar ``me``, and how far away it is.

    ``bins`` uint8: SECTORS * ring + sector, sectors counter-clockwise from the one that is centred ahead; from SIZE on for what lies
    beyond the outermost ring. ``away2`` float32 (m^2). The loop has no branch, so that it vectorises.
    """
    c, s = me.cos * COS + me.sin * SIN, me.sin * COS - me.cos * SIN
    near2, middle2, far2 = BORDERS_M[0] * BORDERS_M[0], BORDERS_M[1] * BORDERS_M[1], BORDERS_M[2] * BORDERS_M[2]
    for k in range(count):
        dx, dy = xs[k] - me.x, ys[k] - me.y
        along, aside, d2 = dx * c + dy * s, dy * c - dx * s, dx * dx + dy * dy
        octant = np.uint8(along < F(0)) | np.uint8(aside < F(0)) << 1 | np.uint8(abs(aside) > abs(along)) << 2
        ring = np.uint8(d2 > near2) + np.uint8(d2 > middle2) + np.uint8(d2 > far2)
        bins[k] = octant | ring << 3
        away2[k] = d2
    for k in range(count):
        bins[k] = (bins[k] & 24) | _ORDER[bins[k] & 7]


@kernel
def sector(along, aside):
    """Which of the ``SECTORS`` a vector points to, given in a frame that is turned by half a sector."""
    if aside >= F(0):
        if along >= F(0):
            return 0 if aside < along else 1
        return 2 if aside > -along else 3
    if along < F(0):
        return 4 if -aside < -along else 5
    return 6 if -aside > along else 7
