"""Where things stand in a museum: pedestals that cut off no way, plates, and the places where visits begin."""

import numpy as np

from avatarium.worlds.core.bodies import clear_of_bodies, place
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import add_box, cell, centre
from avatarium.worlds.core.proprioception import begin_trail
from avatarium.worlds.core.rng import LEVEL, below, between, uniform
from avatarium.worlds.core.trig import TURN

F = np.float32
HALF_M = F(0.2)
"""Half the side of a pedestal."""
APART_CELLS = 3
DOOR_M = F(1.25)
"""From a pedestal to the middle of the next door, at least."""
BY_THE_WALL = F(0.6)
TRIES = 10
RING_X, RING_Y = np.array([1, 1, 0, -1, -1, -1, 0, 1]), np.array([0, 1, 1, 1, 0, -1, -1, -1])
PLATE_FAR_M, PLATE_APART_M = F(4.5), F(1.8)


@kernel
def pedestal(state, stream, i, r, kind):
    """Put the next exhibit of environment ``i`` on a pedestal (a box of ``kind``) somewhere in room ``r``; returns whether it has a place.

    Six in ten stand by a wall, the others anywhere.
    """
    room, n = state.rooms[i, r], state.num_exhibits[i]
    for _ in range(TRIES):
        cx, cy = between(stream, i, LEVEL, room.x0, room.x1), between(stream, i, LEVEL, room.y0, room.y1)
        if uniform(stream, i, LEVEL) < BY_THE_WALL:
            side = below(stream, i, LEVEL, 4)
            if side < 2:
                cx = np.int64(room.x0 if side == 0 else room.x1)
            else:
                cy = np.int64(room.y0 if side == 2 else room.y1)
        if has_room(state, i, cx, cy):
            x, y = centre(cx), centre(cy)
            state.plan.cells[i, cy, cx] = 1
            add_box(state.plan, i, kind, x - HALF_M, y - HALF_M, x + HALF_M, y + HALF_M)
            exhibit = state.exhibits[i, n]
            exhibit.x, exhibit.y, exhibit.room = x, y, r
            return True
    return False


@kernel
def has_room(state, i, cx, cy):
    """Whether a pedestal may fill a cell: apart from doors and others, and the free cells around it stay joined without it."""
    cells, x, y = state.plan.cells[i], centre(cx), centre(cy)
    if cells[cy, cx] != 0:
        return False
    for d in range(state.num_doors[i]):
        dx, dy = state.doors[i, d].x - x, state.doors[i, d].y - y
        if dx * dx + dy * dy < DOOR_M * DOOR_M:
            return False
    for e in range(state.num_exhibits[i]):
        other = state.exhibits[i, e]
        if abs(cell(other.x) - cx) < APART_CELLS and abs(cell(other.y) - cy) < APART_CELLS:
            return False
    changes = 0
    for k in range(8):
        here, there = cells[cy + RING_Y[k], cx + RING_X[k]], cells[cy + RING_Y[k - 1], cx + RING_X[k - 1]]
        changes += 1 if (here == 0) != (there == 0) else 0
    return changes <= 2


@kernel
def plates(state, stream, i, r, x, y):
    """Lay two plates in room ``r``, near the door at (x, y) and not side by side; returns whether there was room."""
    room = state.rooms[i, r]
    laid = 0
    for _ in range(12 * TRIES):
        cx, cy = between(stream, i, LEVEL, room.x0, room.x1), between(stream, i, LEVEL, room.y0, room.y1)
        px, py = centre(cx), centre(cy)
        near = abs(px - x) + abs(py - y) < PLATE_FAR_M
        other_x, other_y = state.plates[i, 0, 0], state.plates[i, 0, 1]
        apart = laid == 0 or abs(px - other_x) + abs(py - other_y) > PLATE_APART_M
        if near and apart and state.plan.cells[i, cy, cx] == 0:
            state.plates[i, laid, 0], state.plates[i, laid, 1] = px, py
            laid += 1
            if laid == 2:
                return True
    return False


@kernel
def settle(state, stream, i, a, r):
    """Put avatar ``a`` somewhere free in room ``r``."""
    room, cells, avatars = state.rooms[i, r], state.plan.cells[i], state.avatars[i]
    while True:
        cx, cy = between(stream, i, LEVEL, room.x0, room.x1), between(stream, i, LEVEL, room.y0, room.y1)
        if cells[cy, cx] == 0 and clear_of_bodies(avatars, a, centre(cx), centre(cy)):
            break
    me = avatars[a]
    place(me, centre(cx), centre(cy), (uniform(stream, i, LEVEL) - F(0.5)) * TURN)
    begin_trail(me)
    me.room = r
