"""How far walls and things are from places, along rays all around: what a model is told of a floor plan."""

from collections.abc import Sequence

import numpy as np

from avatarium.worlds.core.kernels import kernel

F = np.float32
RAYS = 16
RANGE_M = F(6)
_ANGLES = 2 * np.pi * np.arange(RAYS) / RAYS
DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1).astype(F)
"""float32 [RAYS, 2], counter-clockwise from the x axis."""


def padded(plans: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(boxes float32 [P, B, 4], how many int64 [P]) of plans float32 [., 4] of unlike sizes."""
    counts = np.array([len(plan) for plan in plans], np.int64)
    boxes = np.zeros((len(plans), int(counts.max(initial=1)), 4), F)
    for k, plan in enumerate(plans):
        boxes[k, : len(plan)] = plan
    return boxes, counts


@kernel
def cast(places, turned, plan, boxes, counts, out):
    """Fill ``out`` float32 [N, RAYS] with how near the next box is along each ray: 1 = here, 0 = ``RANGE_M`` or more.

    ``places`` [N, 2] (m), ``turned`` [N, 2] the direction of the first ray (of length 1), ``plan`` int [N] which of ``boxes`` [P, B, 4],
    of which the first ``counts`` [P] are meant. Slab test, Kay and Kajiya 1986.
    """
    for n in range(places.shape[0]):
        x, y, p = places[n, 0], places[n, 1], plan[n]
        for k in range(out.shape[1]):
            c, s = DIRECTIONS[k, 0], DIRECTIONS[k, 1]
            ix = F(1) / (c * turned[n, 0] - s * turned[n, 1] + F(1e-7))
            iy = F(1) / (s * turned[n, 0] + c * turned[n, 1] + F(1e-7))
            nearest = RANGE_M
            for b in range(counts[p]):
                tx0, tx1 = (boxes[p, b, 0] - x) * ix, (boxes[p, b, 2] - x) * ix
                ty0, ty1 = (boxes[p, b, 1] - y) * iy, (boxes[p, b, 3] - y) * iy
                near, far = max(min(tx0, tx1), min(ty0, ty1)), min(max(tx0, tx1), max(ty0, ty1))
                if near <= far and far > F(0):
                    nearest = min(nearest, max(near, F(0)))
            out[n, k] = F(1) - nearest / RANGE_M
