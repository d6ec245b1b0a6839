"""Which garden an episode of commons takes place in: walls, beds of trees, hedges between them."""

import math

import numpy as np

from avatarium.worlds.commons.growth import bear
from avatarium.worlds.commons.state import SIZE
from avatarium.worlds.core.bodies import clear_of_bodies, place
from avatarium.worlds.core.building import enclose
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import CELL_M, PLANT, add_object, cell, centre
from avatarium.worlds.core.proprioception import begin_trail
from avatarium.worlds.core.rng import LEVEL, below, between, uniform
from avatarium.worlds.core.trig import TURN, cosine, sine

F = np.float32
HELD_OUT, PRIVATE = 2, 1
SPACING_M = F(0.85)
CLEARANCE_M = F(1.1)
"""From a tree to the border of its bed: trees of two beds are further apart than growth reaches, and a hedge fits between."""
JITTER_M = F(0.5)
WIDER_M = F(2.5)
"""What beds of held-out gardens have more of, along each side."""
SPREAD = 2
"""Trees that a patch may have more or less than the setting says."""


def _lattice(side: int) -> np.ndarray:
    """float32 [side * side, 2]: points of a square lattice (m), from the middle outwards."""
    points = np.array([(x, y) for x in range(-side, side + 1) for y in range(-side, side + 1)])
    order = np.lexsort((points[:, 1], points[:, 0], (points**2).sum(axis=1)))
    return np.asarray(points[order] * SPACING_M, F)


LATTICE = _lattice(3)


@kernel
def generate(state, episodes, config, i):
    """Draw the garden of environment ``i`` from its level stream, all trees ripe, and put everybody into it."""
    stream, held_out = episodes.stream, config.split == HELD_OUT
    patches = max(config.patches // 2, 1) if held_out else config.patches
    trees = config.trees + config.trees // 2 if held_out else config.trees
    columns = math.ceil(math.sqrt(F(patches)))
    rows = -(-patches // columns)
    bed = F(2) * radius_m(trees + SPREAD) + F(2) * (CLEARANCE_M + JITTER_M) + (WIDER_M if held_out else F(0))
    width, height = min(int(F(columns) * bed / CELL_M) + 3, SIZE), min(int(F(rows) * bed / CELL_M) + 3, SIZE)
    state.extent[i, 0], state.extent[i, 1] = width, height
    enclose(state.plan, i, width, height)
    bed_x, bed_y = F(width - 2) * CELL_M / F(columns), F(height - 2) * CELL_M / F(rows)
    plant(state, stream, config, i, patches, trees, columns, rows, bed_x, bed_y)
    for _ in range(config.hedges):
        hedge(state, stream, i, columns, rows, bed_x, bed_y)
    state.avatars[i].present[:] = 0
    owners = owners_of(state, config, patches)
    for a in range(state.avatars.shape[1]):
        settle(state, stream, i, a)
        state.avatars[i, a].plot = a % owners


@kernel
def radius_m(trees):
    """How far the outermost of so many trees is from the middle of its patch."""
    x, y = LATTICE[trees - 1, 0], LATTICE[trees - 1, 1]
    return math.sqrt(x * x + y * y)


@kernel
def plant(state, stream, config, i, patches, trees, columns, rows, bed_x, bed_y):
    """Lay out the beds, one for each of ``patches`` in a grid in which some places may stay empty, and plant their trees."""
    state.num_rooms[i], state.num_trees[i] = 0, 0
    state.ripe[i], state.near[i] = 0, 0
    places = columns * rows
    for k in range(places):
        wanted = patches - state.num_rooms[i]
        if below(stream, i, LEVEL, places - k) < wanted:
            x, y = CELL_M + (F(k % columns) + F(0.5)) * bed_x, CELL_M + (F(k // columns) + F(0.5)) * bed_y
            x += (uniform(stream, i, LEVEL) - F(0.5)) * F(2) * JITTER_M
            y += (uniform(stream, i, LEVEL) - F(0.5)) * F(2) * JITTER_M
            count = max(trees + between(stream, i, LEVEL, -SPREAD, SPREAD), 1)
            plant_patch(state, stream, i, x, y, count)
    owners = owners_of(state, config, patches)
    for t in range(state.num_trees[i]):
        state.owner[i, t] = state.patch[i, t] % owners
        bear(state, i, t)


@kernel
def plant_patch(state, stream, i, x, y, count):
    """Plant a patch about (x, y) in metres: a lattice from the middle outwards, turned by chance."""
    n, first = state.num_rooms[i], state.num_trees[i]
    patch = state.rooms[i, n]
    reach = radius_m(count) + F(0.5)
    patch.x0, patch.y0, patch.x1, patch.y1 = cell(x - reach) + 1, cell(y - reach) + 1, cell(x + reach) - 1, cell(y + reach) - 1
    patch.kind, patch.number, patch.first, patch.count = 1, n + 1, first, count
    angle = (uniform(stream, i, LEVEL) - F(0.5)) * TURN
    c, s = cosine(angle), sine(angle)
    for k in range(count):
        px, py = LATTICE[k, 0], LATTICE[k, 1]
        state.trees[i, 0, first + k], state.trees[i, 1, first + k] = x + px * c - py * s, y + px * s + py * c
        state.patch[i, first + k] = n
    state.num_rooms[i], state.num_trees[i] = n + 1, first + count


@kernel
def owners_of(state, config, patches):
    """Among how many owners the patches are shared out: one, who is everybody, or as many as there are patches or pickers."""
    return min(patches, state.avatars.shape[1]) if config.ownership == PRIVATE else 1


@kernel
def hedge(state, stream, i, columns, rows, bed_x, bed_y):
    """Set a hedge of 2 to 4 m on the border between two beds drawn by chance; where there is one already, it merges with it."""
    inner_x, inner_y = (columns - 1) * rows, columns * (rows - 1)
    if inner_x + inner_y == 0:
        return
    k, half = below(stream, i, LEVEL, inner_x + inner_y), between(stream, i, LEVEL, 2, 4)
    if k < inner_x:
        cx = cell(CELL_M + F(k % (columns - 1) + 1) * bed_x)
        cy = cell(CELL_M + (F(k // (columns - 1)) + F(0.5)) * bed_y)
        add_object(state.plan, i, PLANT, cx, cy - half, cx, cy + half - 1)
    else:
        k -= inner_x
        cx = cell(CELL_M + (F(k % columns) + F(0.5)) * bed_x)
        cy = cell(CELL_M + F(k // columns + 1) * bed_y)
        add_object(state.plan, i, PLANT, cx - half, cy, cx + half - 1, cy)


@kernel
def settle(state, stream, i, a):
    """Put picker ``a`` somewhere free, with nothing eaten and a good name."""
    cells, avatars = state.plan.cells[i], state.avatars[i]
    while True:
        cx, cy = below(stream, i, LEVEL, state.extent[i, 0]), below(stream, i, LEVEL, state.extent[i, 1])
        if cells[cy, cx] == 0 and clear_of_bodies(avatars, a, centre(cx), centre(cy)):
            break
    me = avatars[a]
    place(me, centre(cx), centre(cy), (uniform(stream, i, LEVEL) - F(0.5)) * TURN)
    begin_trail(me)
    me.meal, me.chewing, me.cooling, me.held, me.eaten = -1, 0, 0, 0, 0
    me.plenty, me.greed, me.blame = F(0), F(0), F(0)
