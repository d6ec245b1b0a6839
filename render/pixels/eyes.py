"""Views of all avatars of a role, drawn with OpenGL into arrays of the caller."""

from typing import Any

import numpy as np

from avatarium.render.draw import context
from avatarium.render.pixels.sheet import Sheet
from avatarium.render.pixels.visible import gather, room, unpack
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.eyes.art import art
from avatarium.worlds.core.eyes.columns import EYE_M
from avatarium.worlds.core.eyes.eyes import BLANK, fitting

F = np.float32
WIDEST = 4096
"""Pixels that a sheet has to a side at most."""


class GlEyes:
    """The eyes of the avatars of ``role`` of a batch, drawn with OpenGL: like ``batch.eyes``, whose pictures define what is seen, but for
    edges, which may be a pixel off, and rounding. To be closed after use.

    Others are drawn as they are, also where they are known late. Raises UserError for a role, size or angle that ``batch.eyes`` refuses,
    and with the remedy where no OpenGL context can be made.
    """

    def __init__(self, batch: Batch, role: str, width: int = 84, height: int = 84, fov_deg: float = 90.0) -> None:
        self._eyes = batch.eyes(role, width, height, fov_deg)
        self.shape: tuple[int, int, int, int] = self._eyes.shape
        """N, A, H, W."""
        self._gl = context.gl("gl")
        count, agents = self.shape[:2]
        self._share = min(count, max((WIDEST // width) * (WIDEST // height) // agents, 1), 256)  # every OpenGL has 256 layers
        plan, bodies = self._eyes.state.plan, self._eyes.state.avatars
        standing = self._eyes.marks.shape[1] + bodies.shape[1]
        self._visible = room(self._share * agents, plan.kinds.shape[1], standing)
        below = np.arange(height, dtype=F) + F(0.5) - F(0.5 * height)
        self._beyond = np.where(below > 0, EYE_M * self._eyes.lens.focal / np.maximum(below, F(0.5)), F(np.inf)).astype(F)
        picture, cells = (width, height), self._eyes.floor.shape[1:]
        self._sheets: list[Sheet] = []
        for first in range(0, count, self._share):
            layers = min(self._share, count - first)
            self._sheets.append(context.run(Sheet, self._gl, layers, agents, picture, float(self._eyes.lens.focal), cells, WIDEST))

    def look(self, rgb: np.ndarray | None = None, depth: np.ndarray | None = None, ids: np.ndarray | None = None) -> None:
        """Fill ``rgb`` uint8 [N, A, H, W, 3] (sRGB), ``depth`` float32 [N, A, H, W] (m ahead; infinite for the sky) and ``ids`` uint8
        [N, A, H, W] (see ``eyes.art``), as far as they are given: C-contiguous arrays. Absent avatars see zeros, infinitely far.
        """
        wanted = fitting(self.shape, rgb, depth, ids)
        self._eyes.paint(0, self.shape[0])
        for k, sheet in enumerate(self._sheets):
            start, stop = k * self._share, min((k + 1) * self._share, self.shape[0])
            out = [blank if array is None else array[start:stop] for array, blank in zip(wanted, BLANK, strict=True)]
            self._draw(sheet, start, stop, out, depth is not None)

    def _draw(self, sheet: Sheet, start: int, stop: int, out: list[Any], with_depth: bool) -> None:
        eyes = self._eyes
        counts = gather(
            eyes.state.plan, eyes.state.avatars, eyes.colours, eyes.marks, eyes.counts, art(), eyes.lens,
            (eyes.first, self.shape[1]), self._visible, start, stop,
        )  # fmt: skip
        context.run(sheet.draw, self._visible, counts, eyes.floor[start:stop])
        colour, buffer = context.run(sheet.read, with_depth)
        unpack(
            colour, buffer, self._beyond, sheet.tiles, *(array.reshape(array.shape[0] * array.shape[1], *array.shape[2:]) for array in out)
        )

    def close(self) -> None:
        """Give the memory of the GPU back; nothing can be drawn afterwards."""
        for sheet in self._sheets:
            context.run(sheet.release)
        self._sheets = []
