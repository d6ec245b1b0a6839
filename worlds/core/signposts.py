"""Signposts: from every cell, a cell farther on along the shortest way, so that to know where a way leads costs a single look."""

import numpy as np

from avatarium.worlds.core.geodesic import FAR, downhill
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import centre


@kernel
def put_up(field, width, height, cells, posts):
    """Fill ``posts`` [H, W, uint16] within ``width`` x ``height`` cells for a ``field`` of ``geodesic.flood``.

    Each holds, as y << 8 | x, the cell so many ``cells`` farther on, or the first one of the zone.
    """
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if field[y, x] != FAR:
                cx, cy = x, y
                for _ in range(cells):
                    cx, cy = downhill(field, cx, cy)
                posts[y, x] = np.uint16(cy << 8 | cx)


@inlined
def read(post):
    """The middle (x, y in m) of the cell to which a signpost points."""
    cells = np.int64(post)
    return centre(cells & 255), centre(cells >> 8)
