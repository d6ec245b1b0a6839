"""How the arena looks through the eyes of soldiers: points and bases are marked on the floor in the colours of teams."""

import numpy as np

from avatarium.worlds.core.eyes import Sights
from avatarium.worlds.core.eyes.sights import OWNED, PLAIN
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import CELL_M, centre
from avatarium.worlds.domination.points import CAPTURE_M
from avatarium.worlds.domination.scene import COLOUR, colours
from avatarium.worlds.domination.state import BLUE, NOBODY, RED

F = np.float32
REDS, BLUES, NOBODYS = OWNED + COLOUR[RED], OWNED + COLOUR[BLUE], OWNED + COLOUR[NOBODY]


@kernel
def paint(state, config, floor, marks, counts, start, stop):
    """The cells of every point in the colour of whoever holds it, those of bases in the colour of their team."""
    reach = int(CAPTURE_M / CELL_M) + 1
    for i in range(start, stop):
        floor[i] = PLAIN
        for side in range(state.num_rooms[i]):
            base = state.rooms[i, side]
            floor[i, base.y0 : base.y1 + 1, base.x0 : base.x1 + 1] = REDS if side == RED else BLUES
        for p in range(state.points.shape[1]):
            x, y, owner = state.points[i, p, 0], state.points[i, p, 1], state.owners[i, p]
            for cy in range(int(y / CELL_M) - reach, int(y / CELL_M) + reach + 1):
                for cx in range(int(x / CELL_M) - reach, int(x / CELL_M) + reach + 1):
                    dx, dy = centre(cx) - x, centre(cy) - y
                    if 0 <= cx < floor.shape[2] and 0 <= cy < floor.shape[1] and dx * dx + dy * dy <= CAPTURE_M * CAPTURE_M:
                        floor[i, cy, cx] = REDS if owner == RED else (BLUES if owner == BLUE else NOBODYS)
        counts[i] = 0


SIGHTS = Sights(colours, paint)
