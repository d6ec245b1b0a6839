"""Eyes on a GPU: views of all avatars of a role, drawn there into arrays that lie there, the same bytes as on a CPU."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.eyes.art import art
from avatarium.worlds.core.eyes.eyes import BLANK, Eyes
from avatarium.worlds.core.spec import WorldSpec
from avatarium.worlds.core.synclag import Late
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.drawing import draw

AT_ONCE = 1 << 16
"""Columns that are drawn at the same time, at most; every thread goes on to others. A large GPU runs no more of them at once, and their
canvas, 8 bytes for each row of a picture, stays in its cache."""


class GpuEyes(Eyes):
    """The eyes of the avatars of ``role`` in a batch on a GPU. See ``Eyes``; all arrays, ``state`` and ``late`` included, lie there.

    ``run(kernel, arguments, count, which)`` starts a kernel as ``device.run`` does, in the order of the batch's stream.
    """

    def __init__(
        self,
        spec: WorldSpec,
        config: Any,
        packed: Any,
        state: Any,
        role: str,
        width: int,
        height: int,
        fov_deg: float,
        late: tuple[Late, Any] | None,
        run: Callable[..., None],
    ) -> None:
        super().__init__(spec, config, packed, state, role, width, height, fov_deg, late=late)
        self._run, moved = run, device.Mover()
        self.colours, self.floor, self.marks, self.counts = moved((self.colours, self.floor, self.marks, self.counts))
        self._tints = self.floor.reshape(self.shape[0], self.floor.shape[1] * self.floor.shape[2])
        self.lens, self._tables, self._all = moved((self.lens, art(), self._all))
        self._blank = moved((*BLANK, np.zeros((0, 0, 0), np.float32)))
        if late is None:
            self._late, self._clock = moved((self._late, self._clock))
        count, agents = self.shape[:2]
        self._threads = min(count * agents * width, AT_ONCE)
        canvas = (np.empty((height, self._threads), kind) for kind in (np.uint32, np.float32))
        self._canvas = tuple(device.empty_like(part) for part in canvas)

    def paint(self, start: int, stop: int) -> None:
        """As ``Eyes.paint``."""
        which = np.zeros(self.shape[0], np.bool_)
        which[start:stop] = True
        self._repaint(device.place(which))

    def look(self, rgb: Any = None, depth: Any = None, ids: Any = None) -> None:
        """As ``Eyes.look``, for arrays of the GPU: numba's, torch's, CuPy's. Raises UserError for those of the CPU too."""
        super().look(_lent(rgb, "rgb"), _lent(depth, "depth"), _lent(ids, "ids"))

    def _repaint(self, which: Any) -> None:
        arguments = (self.state, self._config, self.floor, self.marks, self.counts)
        self._run(self._paint, arguments, self.shape[0], which)

    def _draw(self, which: Any, out: tuple[Any, ...]) -> None:
        self._repaint(which)
        state, (*arrays, at, channels) = self.state, out
        there = [blank if array.shape[0] == 0 else array for array, blank in zip(arrays, self._blank, strict=True)]
        arguments = (
            state.plan, state.avatars, self._late, self._clock, self.colours, self._tints, self.marks, self.counts, self._tables, self.lens,
            self._canvas, which, self.first, (*there, at, channels),
        )  # fmt: skip
        self._run(draw, arguments, self._threads)


def _lent(array: Any, name: str) -> Any:
    if array is None or device.SIMULATED:
        return array
    if not hasattr(array, "__cuda_array_interface__"):
        raise UserError(f"{name} does not lie on a GPU: give an array that does, such as a tensor of torch on cuda")
    return device.lent(array)
