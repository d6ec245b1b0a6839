"""Doors that can be shut: a box in a doorway and blocked cells under it, both of which are gone while it is open.

The ``State`` of a world with gates has the fields of ``building.allocate`` and those that ``allocate`` gives; kernels here take that state.
The plan of the state follows the gates at once. Transcripts keep the plan as it was at the beginning and the gates' flags of every
step: whoever reads one brings its plan up to date by ``settle``.
"""

from typing import Any

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import CELL_M, OUT_OF_REACH_M, WALL_M, X0, X1, Y0, Y1, add_box, cell, centre

F = np.float32
GATES = 12
"""Most gates."""

GATE = np.dtype(
    [("x", "f4"), ("y", "f4"), ("cx0", "i2"), ("cy0", "i2"), ("cx1", "i2"), ("cy1", "i2"), ("box", "i2"), ("door", "i2"), ("sort", "i2")],
    align=True,
)
"""Middle (m); the cells that it blocks, ends included; its box and its door, as indices; what sort of gate it is, for the world to say."""

LEVEL_FIELDS = ("gates", "num_gates")


def allocate(num_envs: int) -> dict[str, Any]:
    """The fields of no gates: gates GATE [N, GATES], how many, and whether each stands open, uint8 [N, GATES]."""
    return {
        "gates": np.zeros((num_envs, GATES), GATE),
        "num_gates": np.zeros(num_envs, np.int32),
        "opened": np.zeros((num_envs, GATES), np.uint8),
    }


@kernel
def hang(state, i, d, kind, sort):
    """Fill doorway ``d`` of environment ``i`` with a shut gate whose box is of ``kind``; no more are hung than there is room for."""
    n, door, cells = state.num_gates[i], state.doors[i, d], state.plan.cells[i]
    if n == GATES:
        return
    cx0, cy0 = cell(door.x), cell(door.y)
    cx1, cy1 = cx0, cy0
    dx, dy = (1, 0) if door.along_x == 1 else (0, 1)
    while cells[cy0 - dy, cx0 - dx] == 0:
        cx0, cy0 = cx0 - dx, cy0 - dy
    while cells[cy1 + dy, cx1 + dx] == 0:
        cx1, cy1 = cx1 + dx, cy1 + dy
    gate = state.gates[i, n]
    gate.x, gate.y, gate.sort, gate.door = door.x, door.y, sort, d
    gate.cx0, gate.cy0, gate.cx1, gate.cy1 = cx0, cy0, cx1, cy1
    gate.box = state.plan.num_boxes[i]
    add_box(state.plan, i, kind, F(0), F(0), F(0), F(0))
    state.num_gates[i] = n + 1
    swing(state, i, n, 0)


@kernel
def swing(state, i, g, wide):
    """Open gate ``g`` of environment ``i`` (``wide`` 1) or shut it (0)."""
    gate, boxes, half = state.gates[i, g], state.plan.boxes[i], F(0.5) * WALL_M
    state.opened[i, g] = wide
    state.plan.cells[i, gate.cy0 : gate.cy1 + 1, gate.cx0 : gate.cx1 + 1] = 0 if wide == 1 else 1
    if wide == 1:
        boxes[:, gate.box] = OUT_OF_REACH_M
    elif gate.cy0 == gate.cy1:
        boxes[X0, gate.box], boxes[X1, gate.box] = F(gate.cx0) * CELL_M, F(gate.cx1 + 1) * CELL_M
        boxes[Y0, gate.box], boxes[Y1, gate.box] = centre(gate.cy0) - half, centre(gate.cy0) + half
    else:
        boxes[X0, gate.box], boxes[X1, gate.box] = centre(gate.cx0) - half, centre(gate.cx0) + half
        boxes[Y0, gate.box], boxes[Y1, gate.box] = F(gate.cy0) * CELL_M, F(gate.cy1 + 1) * CELL_M


@kernel
def settle(state, i):
    """Bring the plan of environment ``i`` in line with its gates' flags."""
    for g in range(state.num_gates[i]):
        swing(state, i, g, state.opened[i, g])


@kernel
def blocked(state, i, g, reach):
    """Whether somebody stands within ``reach`` (m) of the doorway of gate ``g``, so that it must not shut."""
    gate = state.gates[i, g]
    x0, y0, x1, y1 = F(gate.cx0) * CELL_M, F(gate.cy0) * CELL_M, F(gate.cx1 + 1) * CELL_M, F(gate.cy1 + 1) * CELL_M
    for a in range(state.avatars.shape[1]):
        me = state.avatars[i, a]
        if me.present == 1 and x0 - reach < me.x < x1 + reach and y0 - reach < me.y < y1 + reach:
            return True
    return False


def standing(state: Any, i: int) -> np.ndarray:
    """bool [B]: which boxes of environment ``i`` are in their place now, all but those of open gates."""
    there = np.ones(int(state.plan.num_boxes[i]), np.bool_)
    count = int(state.num_gates[i])
    there[state.gates["box"][i, :count][state.opened[i, :count] == 1]] = False
    return there
