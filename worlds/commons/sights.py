"""How the orchard looks through the eyes of pickers: beds, bushes, and fruit on those that bear."""

import numpy as np

from avatarium.worlds.commons.config import Config
from avatarium.worlds.commons.growth import RIPE
from avatarium.worlds.commons.scene import BED, BUSH_HEIGHT_M, BUSH_M, FRUIT_RADIUS_M, RED, colours
from avatarium.worlds.commons.state import most_trees
from avatarium.worlds.core.colours import LEAF, PEOPLE
from avatarium.worlds.core.eyes import Sights, mark
from avatarium.worlds.core.eyes.sights import PLAIN, ROOM
from avatarium.worlds.core.kernels import kernel

F = np.float32
BUSH_RADIUS_M, HEIGHT_M, FRUIT_M = F(0.5 * BUSH_M), F(BUSH_HEIGHT_M), F(2 * FRUIT_RADIUS_M)
PRIVATE = 1
"""Index of the setting ``ownership`` under which fruit has the colour of its owner."""


@kernel
def paint(state, config, floor, marks, counts, start, stop):
    """A bush for every tree; fruit on top of it, in the colour of whoever owns it, where it is ripe."""
    for i in range(start, stop):
        floor[i] = PLAIN
        for r in range(state.num_rooms[i]):
            bed = state.rooms[i, r]
            floor[i, bed.y0 : bed.y1 + 1, bed.x0 : bed.x1 + 1] = ROOM + BED
        n = 0
        for t in range(state.num_trees[i]):
            x, y = state.trees[i, 0, t], state.trees[i, 1, t]
            mark(marks[i, n], x, y, F(0), BUSH_RADIUS_M, HEIGHT_M, LEAF[0], LEAF[1], LEAF[2])
            n += 1
            if state.ripe[i, t] == RIPE:
                whose = state.owner[i, t] % len(PEOPLE) if config[0].ownership == PRIVATE else RED
                mark(marks[i, n], x, y, HEIGHT_M, FRUIT_M, FRUIT_M, PEOPLE[whose, 0], PEOPLE[whose, 1], PEOPLE[whose, 2])
                n += 1
        counts[i] = n


def most_marks(config: Config) -> int:
    """A bush and its fruit for every tree that there may be."""
    return 2 * config.patches * most_trees(config)


SIGHTS = Sights(colours, paint, most_marks)
