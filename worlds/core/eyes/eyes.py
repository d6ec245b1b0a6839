"""Views of all avatars of a role, drawn into arrays of the caller."""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from avatarium.worlds.core import synclag
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.eyes import raycast
from avatarium.worlds.core.eyes.art import art
from avatarium.worlds.core.eyes.sights import MARK, Sights
from avatarium.worlds.core.spec import WorldSpec, avatar_numbers
from avatarium.worlds.core.synclag import Late

Chunk = tuple[int, int]
BLANK: tuple[np.ndarray, ...] = (np.zeros((0, 0, 0, 0, 3), np.uint8), np.zeros((0, 0, 0, 0), np.float32), np.zeros((0, 0, 0, 0), np.uint8))
"""Colours, depths and numbers of no views."""


class Eyes:
    """The eyes of the avatars of ``role``: ``look`` draws what they see now, at ``width`` x ``height`` pixels.

    ``chunks`` of environments are drawn at the same time by ``pool``. ``late``: states that arrive late, and the clock; others are then
    drawn as they are known. Raises UserError for a world that has not said how it looks.
    """

    def __init__(
        self,
        spec: WorldSpec,
        config: Any,
        packed: np.ndarray,
        state: Any,
        role: str,
        width: int = 84,
        height: int = 84,
        fov_deg: float = 90.0,
        chunks: Sequence[Chunk] = (),
        pool: Executor | None = None,
        late: tuple[Late, np.ndarray] | None = None,
    ) -> None:
        if spec.sights is None:
            raise UserError(f"{spec.name} has no sights: its avatars cannot see pictures")
        if not (8 <= width <= 256 and 8 <= height <= 256 and 30 <= fov_deg <= 150):
            asked = f"a view of {width} x {height} pixels, {fov_deg:g} degrees wide"
            raise UserError(f"{asked}, cannot be drawn: sides go from 8 to 256, the angle from 30 to 150")
        sights: Sights = spec.sights
        seats = avatar_numbers(spec.roles(config))[role]
        count, cells = state.avatars.shape[0], state.plan.cells.shape[1:]
        self.shape = (count, len(seats), height, width)
        """N, A, H, W."""
        self.first, self.state, self._config, self._paint = seats.start, state, packed, sights.paint
        self.colours = np.asarray(sights.colours(config), np.uint8) % len(art().people)
        self.floor = np.zeros((count, *cells), np.uint8)
        self.marks = np.zeros((count, max(sights.most_marks(config), 1)), MARK)
        self.counts = np.zeros(count, np.int32)
        self.lens = raycast.lens(width, fov_deg)
        self._chunks, self._pool = list(chunks) or [(0, count)], pool
        self._work = [raycast.scratch(width, height, cells[0] * cells[1]) for _ in self._chunks]
        self._all = np.ones(count, np.bool_)
        self._late, self._clock = late or (synclag.on_time(state.avatars.dtype), np.zeros(0, np.int32))

    def paint(self, start: int, stop: int) -> None:
        """Bring ``floor``, ``marks`` and ``counts`` (see ``Sights``) of environments ``start`` to ``stop`` up to date."""
        self._paint(self.state, self._config, self.floor, self.marks, self.counts, start, stop)

    def look(self, rgb: np.ndarray | None = None, depth: np.ndarray | None = None, ids: np.ndarray | None = None) -> None:
        """Fill ``rgb`` uint8 [N, A, H, W, 3] (sRGB), ``depth`` float32 [N, A, H, W] (m ahead; infinite for the sky) and ``ids`` uint8
        [N, A, H, W] (see ``art``), as far as they are given: C-contiguous arrays. Absent avatars see zeros, infinitely far.
        """
        given = fitting(self.shape, rgb, depth, ids)
        filled = [blank if array is None else array for array, blank in zip(given, BLANK, strict=True)]
        self._draw(self._all, (*filled, np.zeros((0, 0, 0), np.float32), 0, (False, False)))

    def look_into(self, observations: np.ndarray, at: int, channels: tuple[bool, bool], which: np.ndarray) -> None:
        """Write pictures into ``observations`` float32 [N, A, D] from feature ``at`` on, where ``which`` bool [N] is set.

        ``channels``: whether nearness and numbers of things follow the colours.
        """
        self._draw(which, (*BLANK, observations, at, channels))

    def _draw(self, which: np.ndarray, out: tuple[Any, ...]) -> None:
        state, tables = self.state, art()

        def one(chunk: Chunk, work: raycast.Scratch) -> None:
            self.paint(*chunk)
            raycast.look(
                state.plan, state.avatars, self._late, self._clock, self.colours, self.floor, self.marks, self.counts, tables, self.lens,
                work, which, self.first, out, *chunk,
            )  # fmt: skip

        if self._pool is None:
            for chunk, work in zip(self._chunks, self._work, strict=True):
                one(chunk, work)
        else:
            list(self._pool.map(one, self._chunks, self._work))


def fitting(shape: tuple[int, ...], rgb: Any, depth: Any, ids: Any) -> tuple[Any, Any, Any]:
    """The arrays that are to be filled with views, ``shape`` N, A, H, W. Raises UserError for one that cannot hold them."""
    blank: Any
    for array, name, blank in zip((rgb, depth, ids), ("rgb", "depth", "ids"), BLANK, strict=True):
        want = (*shape, *blank.shape[4:])
        if array is not None and (array.shape != want or array.dtype != blank.dtype or not array.flags["C_CONTIGUOUS"]):
            raise UserError(f"{name} is {array.dtype} {array.shape}; the views need a C-contiguous array {blank.dtype} {want}")
    return rgb, depth, ids
