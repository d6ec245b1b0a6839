"""What a world says about its looks: colours of avatars, tints of the floor, things that are neither boxes nor bodies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

F = np.float32

MARK = np.dtype(
    [("x", "f4"), ("y", "f4"), ("z", "f4"), ("radius", "f4"), ("height", "f4"), ("red", "u1"), ("green", "u1"), ("blue", "u1")], align=True
)
"""An upright cylinder: middle of its foot and size (m), sRGB colour."""

PLAIN, ROOM, OWNED = 0, 1, 9
"""Tints of a floor's cells: a corridor; from 1 on those of rooms, ``colours.TINTS``; from 9 on those of people, ``colours.PEOPLE``."""


@kernel
def paint_nothing(state, config, floor, marks, counts, start, stop):
    """Floors of one colour, and nothing on them."""
    floor[start:stop] = PLAIN
    counts[start:stop] = 0


@kernel
def paint_rooms(state, config, floor, marks, counts, start, stop):
    """Floors of buildings (see ``core.building``): every kind of room in a tint of its own, and nothing on them."""
    for i in range(start, stop):
        tint_rooms(state, floor, i)
        counts[i] = 0


@kernel
def tint_rooms(state, floor, i):
    """Tint the cells of environment ``i`` by the kind of their room."""
    floor[i] = PLAIN
    for r in range(state.num_rooms[i]):
        room = state.rooms[i, r]
        if room.kind >= 0:
            floor[i, room.y0 - 1 : room.y1 + 2, room.x0 - 1 : room.x1 + 2] = ROOM + room.kind % (OWNED - ROOM)


@inlined
def mark(thing, x, y, z, radius, height, red, green, blue):
    """Fill one ``MARK``."""
    thing.x, thing.y, thing.z, thing.radius, thing.height = x, y, z, radius, height
    thing.red, thing.green, thing.blue = red, green, blue


@dataclass(frozen=True)
class Sights:
    """The looks of a world whose state has ``plan`` and ``avatars``.

    ``paint(state, config, floor, marks, counts, start, stop)`` is a kernel that fills, for environments ``start`` to ``stop``, the tints
    uint8 [N, H, W] of the plan's cells, the things MARK [N, M] and how many of these there are, int32 [N].
    """

    colours: Callable[[Any], np.ndarray]
    """(config) -> uint8 [A]: palette index of every avatar of the state."""
    paint: Callable[..., None] = paint_nothing
    most_marks: Callable[[Any], int] = lambda config: 0
    """(config) -> M."""
