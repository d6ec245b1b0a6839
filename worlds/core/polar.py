"""Where things lie around an avatar: an egocentric map of sectors and rings, after the polar histogram of Borenstein and Koren (1991)."""

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

F = np.float32
SECTORS, RINGS = 8, 3
SIZE = SECTORS * RINGS
BORDERS_M = (F(2), F(5), F(10))
"""Where rings end."""
COS, SIN = F(np.cos(np.pi / SECTORS)).round(6), F(np.sin(np.pi / SECTORS)).round(6)
"""Half a sector."""


@inlined
def sort(me, xs, ys, count, bins):
    """Find the bin of each of the first ``count`` points (``xs``, ``ys``) in metres around avatar ``me``.

    ``bins`` int32: SECTORS * ring + sector, sectors counter-clockwise from the one that is centred ahead; from SIZE on for what lies beyond
    the outermost ring. The loop has no branch, so that it vectorises.
    """
    c, s = me.cos * COS + me.sin * SIN, me.sin * COS - me.cos * SIN
    x, y = me.x, me.y
    near2, middle2, far2 = BORDERS_M[0] * BORDERS_M[0], BORDERS_M[1] * BORDERS_M[1], BORDERS_M[2] * BORDERS_M[2]
    for k in range(count):
        dx, dy = xs[k] - x, ys[k] - y
        along, aside, d2 = dx * c + dy * s, dy * c - dx * s, dx * dx + dy * dy
        right, odd = np.int32(aside < F(0)), np.int32((along < F(0)) != (aside < F(0)))
        steep = np.int32(abs(aside) > abs(along))
        ring = np.int32(d2 > near2) + np.int32(d2 > middle2) + np.int32(d2 > far2)
        bins[k] = np.int32(SECTORS) * ring + np.int32(2) * (odd + np.int32(2) * right) + (steep ^ odd)


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
