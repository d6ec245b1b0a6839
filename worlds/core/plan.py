"""Floor plans: thin boxes that stop bodies and sight, and a grid of cells on which ways are found."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

F = np.float32
CELL_M = F(0.5)
WALL_M = F(0.15)
"""Thickness of a wall: its box runs along the middle of a line of blocked cells."""

X0, Y0, X1, Y1 = 0, 1, 2, 3
LANES = 16
"""Boxes are looked at so many at a time, so that the inner loops vectorise; the places of absent boxes hold one out of reach."""
OUT_OF_REACH_M = F(1e6)
WALL, GLASS, FURNITURE, PLANT, SCREEN = range(5)
"""Kinds of box, as in ``scene.BOX_KINDS``."""


class Plan(NamedTuple):
    """The floor plans of N environments: B boxes at most, H x W cells."""

    boxes: np.ndarray  # float32 [N, 4, B]: rows X0, Y0, X1, Y1 in metres
    kinds: np.ndarray  # uint8 [N, B]
    num_boxes: np.ndarray  # int32 [N]
    cells: np.ndarray  # uint8 [N, H, W]: 0 where a body may stand in the middle of the cell


def allocate(num_envs: int, boxes: int, size: int) -> Plan:
    """Empty plans with room for ``boxes`` boxes (rounded up to ``LANES``) and ``size`` x ``size`` cells."""
    boxes = -(-boxes // LANES) * LANES
    return Plan(
        np.full((num_envs, 4, boxes), OUT_OF_REACH_M, np.float32),
        np.zeros((num_envs, boxes), np.uint8),
        np.zeros(num_envs, np.int32),
        np.zeros((num_envs, size, size), np.uint8),
    )


@kernel
def clear(plan, i, width, height):
    """Empty the plan of environment ``i``: ``width`` x ``height`` free cells, everything beyond blocked."""
    plan.num_boxes[i] = 0
    plan.boxes[i] = OUT_OF_REACH_M
    plan.cells[i] = 1
    plan.cells[i, :height, :width] = 0


@kernel
def add_box(plan, i, kind, x0, y0, x1, y1):
    """Add a box in metres; cells are not touched. A full plan stays as it is."""
    n = plan.num_boxes[i]
    if n < plan.kinds.shape[1]:
        plan.boxes[i, X0, n], plan.boxes[i, Y0, n] = x0, y0
        plan.boxes[i, X1, n], plan.boxes[i, Y1, n] = x1, y1
        plan.kinds[i, n] = kind
        plan.num_boxes[i] = n + 1


@kernel
def add_wall(plan, i, cx0, cy0, cx1, cy1, free_start, free_end):
    """Add a wall along a line of cells, ends included, and block those cells; its box is ``WALL_M`` thick.

    An end that meets another wall reaches the middle of its last cell, so that corners close; a free end, as beside a door, fills it.
    """
    plan.cells[i, cy0 : cy1 + 1, cx0 : cx1 + 1] = 1
    half = F(0.5) * WALL_M
    x0, y0, x1, y1 = centre(cx0) - half, centre(cy0) - half, centre(cx1) + half, centre(cy1) + half
    along_x = cy0 == cy1
    if free_start:
        x0, y0 = (F(cx0) * CELL_M, y0) if along_x else (x0, F(cy0) * CELL_M)
    if free_end:
        x1, y1 = (F(cx1 + 1) * CELL_M, y1) if along_x else (x1, F(cy1 + 1) * CELL_M)
    add_box(plan, i, WALL, x0, y0, x1, y1)


@kernel
def add_object(plan, i, kind, cx0, cy0, cx1, cy1):
    """Add a thing that fills the cells from (cx0, cy0) to (cx1, cy1), ends included, and block them."""
    plan.cells[i, cy0 : cy1 + 1, cx0 : cx1 + 1] = 1
    add_box(plan, i, kind, F(cx0) * CELL_M, F(cy0) * CELL_M, F(cx1 + 1) * CELL_M, F(cy1 + 1) * CELL_M)


@inlined
def centre(c):
    """Middle of cell ``c`` along one axis, in metres."""
    return (F(c) + F(0.5)) * CELL_M


@inlined
def cell(x):
    """Index of the cell in which ``x`` (m, not negative) lies."""
    return int(x / CELL_M)


@inlined
def in_sight(plan, i, ax, ay, bx, by, margin):
    """Whether no box, grown by ``margin`` (m), crosses the segment from a to b."""
    return uncrossed(plan.boxes[i], plan.num_boxes[i], ax, ay, bx, by, margin)


@inlined
def in_view(plan, i, ax, ay, bx, by):
    """Whether one can see from a to b: no box but panes of glass crosses the segment."""
    return uncrossed_but_glass(plan.boxes[i], plan.kinds[i], plan.num_boxes[i], ax, ay, bx, by)


@inlined
def any_within(plan, i, x, y, radius):
    """Whether some box is nearer than ``radius`` (m) to the point (x, y)."""
    return reached(plan.boxes[i], plan.num_boxes[i], x, y, radius)


@kernel
def uncrossed(boxes, count, ax, ay, bx, by, margin):
    """``in_sight`` among the first ``count`` of ``boxes`` [4, B] (slab test, Kay and Kajiya 1986)."""
    dx, dy = bx - ax, by - ay
    ix = F(1) / (dx if abs(dx) > F(1e-6) else F(1e-6))
    iy = F(1) / (dy if abs(dy) > F(1e-6) else F(1e-6))
    for first in range(0, count, LANES):
        hits = np.int32(0)
        for b in range(first, first + LANES):
            tx0, tx1 = (boxes[X0, b] - margin - ax) * ix, (boxes[X1, b] + margin - ax) * ix
            ty0, ty1 = (boxes[Y0, b] - margin - ay) * iy, (boxes[Y1, b] + margin - ay) * iy
            near_x, far_x = (tx0 if tx0 < tx1 else tx1), (tx1 if tx0 < tx1 else tx0)
            near_y, far_y = (ty0 if ty0 < ty1 else ty1), (ty1 if ty0 < ty1 else ty0)
            near, far = (near_x if near_x > near_y else near_y), (far_x if far_x < far_y else far_y)
            hits |= np.int32((near < far) & (far > F(0)) & (near < F(1)))
        if hits != 0:
            return False
    return True


@kernel
def uncrossed_but_glass(boxes, kinds, count, ax, ay, bx, by):
    """``in_view`` among the first ``count`` of ``boxes`` [4, B] of ``kinds`` [B]."""
    dx, dy = bx - ax, by - ay
    ix = F(1) / (dx if abs(dx) > F(1e-6) else F(1e-6))
    iy = F(1) / (dy if abs(dy) > F(1e-6) else F(1e-6))
    for first in range(0, count, LANES):
        hits = np.int32(0)
        for b in range(first, first + LANES):
            tx0, tx1, ty0, ty1 = (boxes[X0, b] - ax) * ix, (boxes[X1, b] - ax) * ix, (boxes[Y0, b] - ay) * iy, (boxes[Y1, b] - ay) * iy
            near_x, far_x = (tx0 if tx0 < tx1 else tx1), (tx1 if tx0 < tx1 else tx0)
            near_y, far_y = (ty0 if ty0 < ty1 else ty1), (ty1 if ty0 < ty1 else ty0)
            near, far = (near_x if near_x > near_y else near_y), (far_x if far_x < far_y else far_y)
            hits |= np.int32((near < far) & (far > F(0)) & (near < F(1)) & (kinds[b] != GLASS))
        if hits != 0:
            return False
    return True


@kernel
def reached(boxes, count, x, y, radius):
    """``any_within`` among the first ``count`` of ``boxes`` [4, B]."""
    reach = radius * radius
    for first in range(0, count, LANES):
        hits = np.int32(0)
        for b in range(first, first + LANES):
            px, py = (boxes[X0, b] if boxes[X0, b] > x else x), (boxes[Y0, b] if boxes[Y0, b] > y else y)
            dx, dy = x - (boxes[X1, b] if boxes[X1, b] < px else px), y - (boxes[Y1, b] if boxes[Y1, b] < py else py)
            hits |= np.int32(dx * dx + dy * dy < reach)
        if hits != 0:
            return True
    return False
