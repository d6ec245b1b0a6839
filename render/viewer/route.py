"""The shortest walk to a goal, as points to draw."""

from typing import Any

import numpy as np

from avatarium.worlds.core import geodesic
from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.geodesic import FAR, downhill
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import CELL_M, cell, centre, in_sight

_MOST = 256
_REACH = 4
"""A goal whose own cell is blocked is reached at the nearest free cells, at most so many away."""


@kernel
def corners(plan, i, field, x, y, out):
    """Fill ``out`` [P, 2] with the points (m) at which the shortest walk from (x, y) turns, ends included; returns how many.

    It is the walk of ``geodesic.path_length``: the way over cells, pulled straight around corners.
    """
    cx, cy, n = cell(x), cell(y), 1
    out[0, 0], out[0, 1] = x, y
    ax, ay, px, py = x, y, x, y
    while field[cy, cx] != 0 and field[cy, cx] != FAR and n < len(out) - 1:
        nx, ny = downhill(field, cx, cy)
        if nx == cx and ny == cy:
            break
        cx, cy = nx, ny
        x, y = centre(cx), centre(cy)
        if not in_sight(plan, i, ax, ay, x, y, RADIUS_M):
            out[n, 0], out[n, 1] = px, py
            ax, ay, n = px, py, n + 1
        px, py = x, y
    out[n, 0], out[n, 1] = px, py
    return n + 1


class Routes:
    """Shortest walks over one plan after the other; the distances to the last goal are kept."""

    def __init__(self) -> None:
        self._for: tuple[bytes, int, int] | None = None
        self._field = np.zeros((0, 0), np.uint16)
        self._scratch = geodesic.allocate_scratch(1)[0]

    def walk(self, plan: Any, start: tuple[float, float], goal: tuple[float, float]) -> np.ndarray:
        """Points (m) of the walk over environment 0 of ``plan``, float32 [P, 2]; fewer than two when there is no way."""
        cells = plan.cells[0]
        row, column = int(goal[1] / float(CELL_M)), int(goal[0] / float(CELL_M))
        at = (cells.tobytes(), row, column)
        if at != self._for:
            self._for, self._field = at, self._distances(cells, row, column)
        out = np.zeros((_MOST, 2), np.float32)
        count = corners(plan, 0, self._field, np.float32(start[0]), np.float32(start[1]), out)
        return out[:count] if self._field[int(start[1] / float(CELL_M)), int(start[0] / float(CELL_M))] != FAR else out[:0]

    def _distances(self, cells: np.ndarray, row: int, column: int) -> np.ndarray:
        """Decimetres to the goal, uint16 [H, W]; to the free cells around it when it stands in a blocked one."""
        height, width = cells.shape
        field = np.full(cells.shape, FAR, np.uint16)
        for reach in range(_REACH):
            zone = (max(column - reach, 1), max(row - reach, 1), min(column + reach, width - 2), min(row + reach, height - 2))
            if (cells[zone[1] : zone[3] + 1, zone[0] : zone[2] + 1] == 0).any():
                geodesic.flood(cells, zone, field, self._scratch)
                return field
        return field
