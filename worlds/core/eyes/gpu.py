"""Draws views on an NVIDIA GPU, one thread a column, by the formulas of ``columns``. The pictures are made there, and stay there."""

import math
from typing import Any

import numpy as np
from numba import cuda

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.eyes import columns
from avatarium.worlds.core.eyes.art import FIRST_BOX, HALF_WIDTH_M, SHADES, Art, art
from avatarium.worlds.core.eyes.columns import (
    CLOSEST_M,
    EYE_M,
    FARTHEST_M,
    NEAREST_M,
    SIDES,
    WALL_TOP_M,
    entering,
    is_low,
    metres,
    row_of,
    shade,
    side_shown,
    sky,
)
from avatarium.worlds.core.eyes.eyes import BLANK, fitting
from avatarium.worlds.core.plan import GLASS

F = np.float32
THREADS = 128
"""Of a block."""
kernel, inlined = cuda.jit, cuda.jit(device=True)
"""Decorators of what the CPU starts on the GPU, and of what that calls."""


def _on_device(formula: Any) -> Any:
    """A formula that takes arrays, as a function of the GPU; the others compile for it as they are."""
    return inlined(formula.py_func)


ground, box_column = _on_device(columns.ground), _on_device(columns.box_column)
mark_column, body_column = _on_device(columns.mark_column), _on_device(columns.body_column)


class GpuEyes:
    """The eyes of the avatars of ``role`` of a batch, on a GPU: like ``Eyes``, but for arrays that lie there.

    Raises UserError for a role, size or angle that ``batch.eyes`` refuses, and where there is no GPU that CUDA can use.
    """

    def __init__(self, batch: Any, role: str, width: int = 84, height: int = 84, fov_deg: float = 90.0) -> None:
        self._eyes = batch.eyes(role, width, height, fov_deg)
        if not cuda.is_available():
            raise UserError("there is no GPU that CUDA can use: batch.eyes(role) draws the same pictures on the CPU")
        self.shape: tuple[int, int, int, int] = self._eyes.shape
        """N, A, H, W."""
        self._size, self._cells = (np.int32(height), self._eyes.lens.focal), self._eyes.floor.shape[1:]
        self._art = Art(*(cuda.to_device(table) for table in art()))
        self._still = tuple(cuda.to_device(array) for array in (self._eyes.colours, self._eyes.lens.side, self._eyes.lens.length))
        self._moving: list[_Copy] = []
        self._image, self._depths = cuda.device_array(self.shape, np.uint32), cuda.device_array(self.shape, F)
        self._blank = tuple(cuda.to_device(np.zeros((1,) * array.ndim, array.dtype)) for array in BLANK)

    def look(self, rgb: Any = None, depth: Any = None, ids: Any = None) -> None:
        """Fill arrays of the GPU, such as tensors of torch, with what ``Eyes.look`` would: ``rgb`` uint8 [N, A, H, W, 3], ``depth`` float32
        [N, A, H, W] (m) and ``ids`` uint8 [N, A, H, W], as far as they are given. Raises UserError for arrays that cannot hold that.
        """
        wanted = fitting(self.shape, *(_lent(array, name) for array, name in ((rgb, "rgb"), (depth, "depth"), (ids, "ids"))))
        out = tuple(blank if array is None else array for array, blank in zip(wanted, self._blank, strict=True))
        told = tuple(array is not None for array in wanted)
        moving, (colours, side, length) = self._upload(), self._still
        count, agents, _, width = self.shape
        draw[-(-count * agents * width // THREADS), THREADS](
            *moving, colours, side, length, self._art, self._size, self._cells, self._eyes.first, self._image, self._depths, out, told
        )

    def _upload(self) -> tuple[Any, ...]:
        """Plans, avatars, floors and things as they are now, on the GPU."""
        eyes = self._eyes
        eyes.paint(0, self.shape[0])
        plan = eyes.state.plan
        arrays = (
            plan.boxes,
            plan.kinds,
            plan.num_boxes,
            eyes.state.avatars,
            eyes.floor.reshape(self.shape[0], -1),
            eyes.marks,
            eyes.counts,
        )
        if not self._moving:
            self._moving = [_Copy(array) for array in arrays]
        return tuple(copy.of(array) for copy, array in zip(self._moving, arrays, strict=True))


class _Copy:
    """A copy of an array on the GPU, sent again only where the array has changed."""

    def __init__(self, array: np.ndarray) -> None:
        self._bytes = array.tobytes()
        self._there = cuda.to_device(array)

    def of(self, array: np.ndarray) -> Any:
        now = array.tobytes()
        if now != self._bytes:
            self._bytes = now
            self._there.copy_to_device(array)
        return self._there


def _lent(array: Any, name: str) -> Any:
    """An array of somebody else's on the GPU, as one of numba's; no copy."""
    if array is None or getattr(array, "__cuda_ndarray__", False):
        return array
    if hasattr(array, "__cuda_array_interface__"):
        return cuda.as_cuda_array(array)
    raise UserError(f"{name} does not lie on a GPU: give a tensor or array that does, or draw with batch.eyes(role)")


@kernel
def draw(boxes, kinds, num_boxes, avatars, floor, marks, counts, colours, side, length, art, size, cells, first, image, depths, out, told):
    """Draw one column of one view, and unpack it into ``out``: colours, depths and numbers, where ``told`` says so."""
    n = cuda.grid(1)
    agents, wide = image.shape[1], image.shape[3]
    i, a, k = n // (agents * wide), n // wide % agents, n % wide
    if i < image.shape[0]:
        bodies, mine, far, number = avatars[i], image[i, a], depths[i, a], first + a
        if bodies[number].present == 1:
            plan, lens = (boxes[i], kinds[i], num_boxes[i]), (side[k], length[k])
            column(plan, bodies, floor[i], marks[i], counts[i], colours, lens, art, size, cells, number, mine, far, k)
        else:
            for row in range(mine.shape[0]):
                mine[row, k], far[row, k] = np.uint32(0), FARTHEST_M
        for row in range(mine.shape[0]):
            if told[0]:
                for channel in range(3):
                    out[0][i, a, row, k, channel] = np.uint8((mine[row, k] >> np.uint32(8 * channel)) & np.uint32(255))
            if told[1]:
                out[1][i, a, row, k] = metres(far[row, k])
            if told[2]:
                out[2][i, a, row, k] = np.uint8(mine[row, k] >> np.uint32(24))


@inlined
def column(plan, bodies, floor, marks, count, colours, lens, art, size, cells, number, image, depths, k):
    """Draw what avatar ``number`` sees in column ``k``."""
    me, (side, length) = bodies[number], lens
    eye = (me.x, me.y, me.cos, me.sin)
    gaze = (me.cos + me.sin * side, me.sin - me.cos * side)
    wall = fill_column(plan, floor, cells, art, size, eye, gaze, length, image, depths, k)
    low_column(plan, False, art, size, eye, gaze, length, wall, image, depths, k)
    for m in range(count):
        thing_column(marks[m], art, size, eye, side, image, depths, k)
    for b in range(bodies.shape[0]):
        if b != number and bodies[b].present == 1:
            figure_column(bodies[b], colours[b], b, art, size, eye, side, image, depths, k)
    low_column(plan, True, art, size, eye, gaze, length, wall, image, depths, k)


@inlined
def fill_column(plan, floor, cells, art, size, eye, gaze, length, image, depths, k):
    """Draw sky, wall and floor; returns the depth of the wall."""
    (boxes, kinds, count), x, y = plan, eye[0], eye[1]
    inverse_x, inverse_y = F(1) / gaze[0], F(1) / gaze[1]
    wall, material = FARTHEST_M, np.int32(0)
    for b in range(count):
        if not is_low(kinds[b]):
            near, far, face = entering(boxes[0, b] - x, boxes[1, b] - y, boxes[2, b] - x, boxes[3, b] - y, inverse_x, inverse_y)
            if near <= far and near > F(0) and near < wall:
                wall, material = near, np.int32(FIRST_BOX) + np.int32(SIDES) * np.int32(kinds[b]) + face
    wall = max(wall, NEAREST_M)
    colour = art.paint[material * SHADES + shade(min(wall, F(100)) * length)]
    rows, focal = size
    top, bottom = int(row_of(size, WALL_TOP_M, wall) + F(0.5)), int(row_of(size, F(0), wall) + F(0.5))
    height, width = cells
    for row in range(rows):
        below = F(row) + F(0.5) - F(0.5) * F(rows)
        if below <= F(0):
            image[row, k], depths[row, k] = (colour, wall) if row >= top else (sky(row, rows), FARTHEST_M)
        elif row < bottom:
            image[row, k], depths[row, k] = colour, wall
        else:
            away = EYE_M * focal / below
            step = shade(min(away * length, F(100)))
            image[row, k] = ground(art.paint, floor, width, height, x + away * gaze[0], y + away * gaze[1], step)
            depths[row, k] = away
    return wall


@inlined
def low_column(plan, glass, art, size, eye, gaze, length, wall, image, depths, k):
    """Draw the boxes that one looks over, or lay panes of glass over what is there."""
    (boxes, kinds, count), x, y = plan, eye[0], eye[1]
    inverse_x, inverse_y = F(1) / gaze[0], F(1) / gaze[1]
    for b in range(count):
        if is_low(kinds[b]) and (kinds[b] == GLASS) == glass:
            near, far, face = entering(boxes[0, b] - x, boxes[1, b] - y, boxes[2, b] - x, boxes[3, b] - y, inverse_x, inverse_y)
            if near <= far and far > F(0) and near < wall:
                box_column(art, image, depths, size, k, np.int32(kinds[b]), near, min(far, wall), face, length)


@inlined
def thing_column(thing, art, size, eye, side, image, depths, k):
    """Draw a thing."""
    x, y, c, s = eye
    dx, dy = thing.x - x, thing.y - y
    depth, right = c * dx + s * dy, s * dx - c * dy
    if depth >= CLOSEST_M and abs(side * depth - right) < thing.radius:
        left = art.fog[shade(math.sqrt(dx * dx + dy * dy))]
        mark_column(image, depths, size, k, side * depth - right, thing, depth, left)


@inlined
def figure_column(body, colour, number, art, size, eye, side, image, depths, k):
    """Draw another avatar."""
    x, y, c, s = eye
    dx, dy = body.x - x, body.y - y
    depth, right = c * dx + s * dy, s * dx - c * dy
    if depth >= CLOSEST_M and abs(side * depth - right) < F(HALF_WIDTH_M):
        angle = side_shown(depth, -right, body.cos * c + body.sin * s, body.sin * c - body.cos * s)
        left = art.fog[shade(math.sqrt(dx * dx + dy * dy))]
        body_column(art, image, depths, size, k, side * depth - right, colour, number, angle, depth, left)
