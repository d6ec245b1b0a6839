"""How the museum looks through the eyes of visitors: what every exhibit shows stands on its pedestal as a block of that colour."""

import numpy as np

from avatarium.worlds.core.eyes import Sights, mark
from avatarium.worlds.core.eyes.sights import OWNED, tint_rooms
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import cell
from avatarium.worlds.museum.exhibits import NOISE
from avatarium.worlds.museum.scene import colours
from avatarium.worlds.museum.state import EXHIBITS

F = np.float32
PEDESTAL_M, SCREEN_M = F(0.75), F(1.0)
RADIUS_M, HEIGHT_M = F(0.2), F(0.42)
PLATE = OWNED + 14
"""Tint of the cells of the two plates."""


@kernel
def paint(state, config, floor, marks, counts, start, stop):
    """Rooms in their tints, plates, and the face of every exhibit: the first three numbers of what it shows, as a colour."""
    for i in range(start, stop):
        tint_rooms(state, floor, i)
        if config[0].vault:
            for p in range(state.plates.shape[1]):
                floor[i, cell(state.plates[i, p, 1]), cell(state.plates[i, p, 0])] = PLATE
        for e in range(state.num_exhibits[i]):
            exhibit, shown = state.exhibits[i, e], state.pictures[i, e]
            foot = SCREEN_M if exhibit.kind >= NOISE else PEDESTAL_M
            mark(marks[i, e], exhibit.x, exhibit.y, foot, RADIUS_M, HEIGHT_M, shown[0], shown[1], shown[2])
        counts[i] = state.num_exhibits[i]


SIGHTS = Sights(colours, paint, lambda config: EXHIBITS)
