"""Where avatars have been: a map of visits, laid on the floor."""

import functools
from collections.abc import Callable

import numpy as np

from avatarium.render.draw.geometry import FLAT, flat_quads
from avatarium.render.draw.overlays import FLOOR_M
from avatarium.render.draw.theme import Theme
from avatarium.worlds.core.scene import Scene

CELL_M = 0.25
_KERNEL = np.array([0.25, 0.5, 0.25], np.float32)


class Visits:
    """Steps spent in each cell of the floor, by avatar and frame; frames are looked at as they are asked for."""

    def __init__(self, scene: Callable[[int], Scene]) -> None:
        self._scene, self._seen = scene, 0
        self._bounds = scene(0).bounds
        x0, y0, x1, y1 = self._bounds
        self.shape = (max(1, int(np.ceil((y1 - y0) / CELL_M))), max(1, int(np.ceil((x1 - x0) / CELL_M))))
        self._names: dict[str, int] = {}
        self._parts: list[np.ndarray] = []
        self._all = np.zeros((0, 3), np.int32)
        self._drawn: tuple[tuple[int, str, str], np.ndarray] | None = None

    def _look(self, t: int) -> None:
        """Take in frames up to ``t``."""
        height, width = self.shape
        while self._seen <= t:
            scene = self._scene(self._seen)
            column = np.clip((scene.figures["x"] - self._bounds[0]) / CELL_M, 0, width - 1).astype(np.int32)
            row = np.clip((scene.figures["y"] - self._bounds[1]) / CELL_M, 0, height - 1).astype(np.int32)
            who = [self._names.setdefault(name, len(self._names)) for name in scene.names]
            self._parts.append(np.column_stack([np.full(len(who), self._seen), who, row * width + column]).astype(np.int32))
            self._seen += 1
        if self._parts:
            self._all = np.concatenate([self._all, *self._parts])
            self._parts.clear()

    def counts(self, t: int, name: str = "") -> np.ndarray:
        """Frames up to ``t`` that the avatar called ``name``, or everybody, was in each cell: int64 [rows from y0, columns from x0]."""
        self._look(t)
        found = self._all[self._all[:, 0] <= t]
        if name:
            found = found[found[:, 1] == self._names.get(name, -1)]
        return np.bincount(found[:, 2], minlength=self.shape[0] * self.shape[1]).reshape(self.shape)

    def marks(self, t: int, name: str, theme: Theme) -> np.ndarray:
        """The map at frame ``t`` as a veil on the floor, FLAT; what was drawn last is kept."""
        at = (t, name, theme.name)
        if self._drawn is None or self._drawn[0] != at:
            self._drawn = (at, veil(self.counts(t, name), self._bounds, theme))
        return self._drawn[1]


def veil(counts: np.ndarray, bounds: tuple[float, float, float, float], theme: Theme) -> np.ndarray:
    """Counts [H, W] of cells as soft colours between their middles, FLAT; nothing where nobody was."""
    soft = functools.reduce(_blurred, (0, 1), counts.astype(np.float32))
    if soft.max() <= 0:
        return np.zeros(0, FLAT)
    share = np.sqrt(soft / soft.max())
    corner = np.stack([share[:-1, :-1], share[:-1, 1:], share[1:, 1:], share[1:, :-1]], axis=2)
    row, column = np.nonzero(corner.max(axis=2) > 0.04)
    heat = corner[row, column]
    x, y = bounds[0] + (column + 0.5) * CELL_M, bounds[1] + (row + 0.5) * CELL_M
    corners = np.full((len(row), 4, 3), FLOOR_M - 0.004, np.float32)
    for k, (dx, dy) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        corners[:, k, 0], corners[:, k, 1] = x + dx * CELL_M, y + dy * CELL_M
    few, some, many = theme.heat.astype(np.float32) / np.float32(255)
    low, high = np.clip(heat * 2, 0, 1)[..., None], np.clip(heat * 2 - 1, 0, 1)[..., None]
    colour = few + (some - few) * low + (many - some) * high
    return flat_quads(corners, np.concatenate([colour, np.clip(heat * 1.3, 0, 0.78)[..., None]], axis=2))


def _blurred(grid: np.ndarray, axis: int) -> np.ndarray:
    """A grid smoothed along one axis."""
    return np.apply_along_axis(np.convolve, axis, grid, _KERNEL, mode="same")
