"""Buildings: rooms, corridors, doors and loops, by splitting a rectangle again and again until it has rooms enough.

The ``State`` of a world with a building has the fields that ``allocate`` gives; kernels here take that state.
"""

import math
from typing import Any

import numpy as np

from avatarium.worlds.core import plan
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import CELL_M, FURNITURE, add_object, add_wall, centre, clear
from avatarium.worlds.core.rng import LEVEL, below, between, uniform

F = np.float32
SIZE = 64
"""Cells along each side of the largest building."""
BOXES, ROOMS, DOORS = 96, 32, 64
"""Most boxes, rooms (corridors included) and doors."""
SMALLEST = 6
"""Cells along the shorter side of the smallest room."""
CORRIDOR = 4
"""Cells across a corridor."""
TWO_DOORS = 8
"""Cells along the shortest wall that may have two doors, less one."""
ROOM_AREA = 150
"""Cells per room on average."""

ROOM = np.dtype([("x0", "i2"), ("y0", "i2"), ("x1", "i2"), ("y1", "i2"), ("kind", "i2"), ("number", "i2")])
"""Cells from (x0, y0) to (x1, y1), ends included; kind 0 is a corridor, from 1 on the kinds of room; number among rooms of its kind."""

DOOR = np.dtype([("x", "f4"), ("y", "f4"), ("ahead", "i2"), ("behind", "i2"), ("along_x", "i2")], align=True)
"""Middle of a door (m); the rooms on its two sides (above or right, below or left); whether its wall runs along x."""

LEVEL_FIELDS = ("plan.boxes", "plan.kinds", "plan.num_boxes", "plan.cells", "rooms", "num_rooms", "doors", "num_doors", "extent")
"""What of a state is the building."""


def allocate(num_envs: int) -> dict[str, Any]:
    """The fields of empty buildings: plan, rooms ROOM [N, ROOMS], doors DOOR [N, DOORS], how many, extent int32 [N, 2] in cells."""
    return {
        "plan": plan.allocate(num_envs, BOXES, SIZE),
        "rooms": np.zeros((num_envs, ROOMS), ROOM),
        "num_rooms": np.zeros(num_envs, np.int32),
        "doors": np.zeros((num_envs, DOORS), DOOR),
        "num_doors": np.zeros(num_envs, np.int32),
        "extent": np.zeros((num_envs, 2), np.int32),
    }


@kernel
def erect(state, stream, i, wanted, loops, narrow):
    """Draw the walls, rooms and doors of environment ``i`` from its level stream: ``wanted`` rooms or a few less.

    ``loops`` is the share of long walls with a second door; with ``narrow`` all doors are 1 m wide, else some 1.5 m.
    """
    area = wanted * ROOM_AREA
    width = int(math.sqrt(F(area))) + between(stream, i, LEVEL, -4, 6)
    width = min(max(width, 2 * SMALLEST + 3), SIZE)
    height = min(max(area // width, 2 * SMALLEST + 3), SIZE)
    state.extent[i, 0], state.extent[i, 1] = width, height
    enclose(state.plan, i, width, height)
    state.num_rooms[i], state.num_doors[i] = 0, 0
    add_room(state, i, 1, 1, width - 2, height - 2)
    rooms, corridors = 1, 0
    while rooms < wanted and state.num_rooms[i] < ROOMS - 2 and state.plan.num_boxes[i] < BOXES - 24:
        largest = pick(state, i)
        if largest < 0:
            break
        with_corridor = corridors < 2 and below(stream, i, LEVEL, 4) > 0
        done = divide(state, stream, i, largest, with_corridor, loops, narrow)
        rooms += 1 if done > 0 else 0
        corridors += 1 if done == 2 else 0


@kernel
def enclose(plan, i, width, height):
    """An empty hall of ``width`` x ``height`` cells, the walls around it included."""
    clear(plan, i, width, height)
    add_wall(plan, i, 0, 0, width - 1, 0, False, False)
    add_wall(plan, i, 0, height - 1, width - 1, height - 1, False, False)
    add_wall(plan, i, 0, 0, 0, height - 1, False, False)
    add_wall(plan, i, width - 1, 0, width - 1, height - 1, False, False)


@kernel
def name_doors(state, i):
    """Find the rooms on the two sides of every door."""
    for d in range(state.num_doors[i]):
        attach(state, i, state.doors[i, d])


@kernel
def add_room(state, i, x0, y0, x1, y1):
    """Append a room of cells (x0, y0) to (x1, y1); its kind is -1 until it is named (-2: cannot be split further)."""
    n = state.num_rooms[i]
    room = state.rooms[i, n]
    room.x0, room.y0, room.x1, room.y1, room.kind, room.number = x0, y0, x1, y1, -1, 0
    state.num_rooms[i] = n + 1


@kernel
def pick(state, i):
    """Index of the largest room that can still be split; -1 when there is none."""
    best, best_area = -1, 0
    for r in range(state.num_rooms[i]):
        room = state.rooms[i, r]
        w, h = room.x1 - room.x0 + 1, room.y1 - room.y0 + 1
        if room.kind == -1 and max(w, h) >= 2 * SMALLEST + 1 and w * h > best_area:
            best, best_area = r, w * h
    return best


@kernel
def divide(state, stream, i, r, with_corridor, loops, narrow):
    """Divide room ``r``: across its longer side, by a corridor if wanted, else by a wall; at the worst across its shorter side.

    Returns 0 (no place for a wall; the room is not tried again), 1, or 2 (with corridor).
    """
    room = state.rooms[i, r]
    longer = room.x1 - room.x0 >= room.y1 - room.y0
    done = split(state, stream, i, r, longer, CORRIDOR + 1, loops, narrow) if with_corridor else 0
    if done > 0:
        return 2
    if split(state, stream, i, r, longer, 0, loops, narrow) > 0 or split(state, stream, i, r, not longer, 0, loops, narrow) > 0:
        return 1
    room.kind = -2
    return 0


@kernel
def split(state, stream, i, r, along_y, gap, loops, narrow):
    """Divide room ``r`` by one wall along y (or x), or by two, ``gap`` cells apart, with a corridor between; returns whether, as 0 or 1."""
    room = state.rooms[i, r]
    first, last = (room.x0, room.x1) if along_y else (room.y0, room.y1)
    if last - first - gap < 2 * SMALLEST:
        return 0
    for _ in range(16):
        at = between(stream, i, LEVEL, first + SMALLEST, last - SMALLEST - gap)
        if solid_ends(state.plan.cells[i], room, along_y, at) and (gap == 0 or solid_ends(state.plan.cells[i], room, along_y, at + gap)):
            x0, y0, x1, y1 = room.x0, room.y0, room.x1, room.y1
            partition(state, stream, i, along_y, at, (y0 if along_y else x0), (y1 if along_y else x1), loops, narrow)
            if gap > 0:
                partition(state, stream, i, along_y, at + gap, (y0 if along_y else x0), (y1 if along_y else x1), loops, narrow)
                corridor = state.num_rooms[i]
                if along_y:
                    add_room(state, i, at + 1, y0, at + gap - 1, y1)
                else:
                    add_room(state, i, x0, at + 1, x1, at + gap - 1)
                state.rooms[i, corridor].kind = 0
            if along_y:
                room.x1 = at - 1
                add_room(state, i, at + gap + 1, y0, x1, y1)
            else:
                room.y1 = at - 1
                add_room(state, i, x0, at + gap + 1, x1, y1)
            return 1
    return 0


@kernel
def solid_ends(cells, room, along_y, at):
    """Whether a new wall at ``at`` would meet solid wall at both ends, so that it closes no door."""
    solid = True
    for k in range(at - 1, at + 2):
        if along_y:
            solid = solid and cells[room.y0 - 1, k] == 1 and cells[room.y1 + 1, k] == 1
        else:
            solid = solid and cells[k, room.x0 - 1] == 1 and cells[k, room.x1 + 1] == 1
    return solid


@kernel
def partition(state, stream, i, along_y, at, first, last, loops, narrow):
    """A wall at ``at`` from cell ``first`` to ``last``, with one door, or with two when it is long, which makes loops."""
    doors = 2 if last - first >= TWO_DOORS and uniform(stream, i, LEVEL) < loops else 1
    begin, free = first - 1, False
    for k in range(doors):
        low, high = first + k * (last - first + 1) // doors, first + (k + 1) * (last - first + 1) // doors - 1
        wide = 2 if narrow else 2 + below(stream, i, LEVEL, 2)
        door = between(stream, i, LEVEL, low + 1, max(low + 1, high - wide))
        wall_piece(state, i, along_y, at, begin, door - 1, free, True)
        note_door(state, i, along_y, at, door, wide)
        begin, free = door + wide, True
    wall_piece(state, i, along_y, at, begin, last + 1, True, False)


@kernel
def wall_piece(state, i, along_y, at, begin, end, free_start, free_end):
    """A straight piece of wall between two doors or corners."""
    if along_y:
        add_wall(state.plan, i, at, begin, at, end, free_start, free_end)
    else:
        add_wall(state.plan, i, begin, at, end, at, free_start, free_end)


@kernel
def note_door(state, i, along_y, at, door, wide):
    """Remember where a door is."""
    n = state.num_doors[i]
    if n < DOORS:
        across, middle = centre(at), (F(door) + F(0.5) * F(wide)) * CELL_M
        state.doors[i, n].x, state.doors[i, n].y = (across, middle) if along_y else (middle, across)
        state.doors[i, n].along_x = 0 if along_y else 1
        state.num_doors[i] = n + 1


@kernel
def attach(state, i, door):
    """Find the rooms on the two sides of a door."""
    dx, dy = (F(0), F(0.6)) if door.along_x == 1 else (F(0.6), F(0))
    door.ahead = room_at(state, i, door.x + dx, door.y + dy)
    door.behind = room_at(state, i, door.x - dx, door.y - dy)


@kernel
def room_at(state, i, x, y):
    """Index of the room in which a point (m) lies; -1 in a wall or a door."""
    cx, cy = int(x / CELL_M), int(y / CELL_M)
    for r in range(state.num_rooms[i]):
        room = state.rooms[i, r]
        if room.x0 <= cx <= room.x1 and room.y0 <= cy <= room.y1:
            return r
    return -1


@kernel
def name_rooms(state, stream, i, kinds):
    """Give each room, corridors aside, one of so many ``kinds`` and a number among its kind."""
    for r in range(state.num_rooms[i]):
        room = state.rooms[i, r]
        if room.kind != 0:
            room.kind = 1 + below(stream, i, LEVEL, kinds)
            room.number = 1
            for q in range(r):
                if state.rooms[i, q].kind == room.kind:
                    room.number += 1


@kernel
def furnish(state, stream, i, share):
    """Put a table of 1 m x 1 m into some rooms, two cells or more from every wall, so that one can always walk around it."""
    for r in range(state.num_rooms[i]):
        room = state.rooms[i, r]
        if room.kind > 0 and room.x1 - room.x0 >= 6 and room.y1 - room.y0 >= 6 and uniform(stream, i, LEVEL) < share:
            x, y = between(stream, i, LEVEL, room.x0 + 2, room.x1 - 3), between(stream, i, LEVEL, room.y0 + 2, room.y1 - 3)
            add_object(state.plan, i, FURNITURE, x, y, x + 1, y + 1)
