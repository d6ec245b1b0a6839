"""Arenas: walls, crates, points and bases, the same for both teams when the plan is turned by half.

Ways are measured once, as red sees them; blue looks at the turned plan. So nothing favours a side, not even rounding.
"""

import numpy as np

from avatarium.worlds.core import geodesic, signposts
from avatarium.worlds.core.building import enclose
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import CELL_M, FURNITURE, add_object, add_wall, cell, centre
from avatarium.worlds.core.rng import LEVEL, below, between, uniform
from avatarium.worlds.domination.state import AWAY, BLUE, FAR, HOME, MIDDLE, OWN, RED, SPAWNS, ZONES

F = np.float32
HELD_OUT = 2
MORE_WALLS = 4
"""Pairs of walls that a held-out arena has more."""
GAP = 2
"""Free cells at least between walls, crates, bases and the places of points: everybody gets by everywhere."""
DEPTH, HALF = 5, 5
"""Cells of a base away from its wall, and to each side of its middle."""
TRIES = 24
AHEAD_CELLS = 2
"""How far ahead on a way signposts point: 1 m. From farther ahead the straight line may lead back against the end of a wall."""


@kernel
def generate(state, episodes, config, i):
    """Draw the arena of environment ``i`` from its level stream."""
    stream, held_out = episodes.stream, config.split == HELD_OUT
    widest, highest = int(F(18) * F(config.stretch)), int(F(13) * F(config.stretch))
    width = 2 * between(stream, i, LEVEL, 19, 23) + 1 if held_out else 2 * between(stream, i, LEVEL, 14, widest) + 1
    height = 2 * between(stream, i, LEVEL, 14, 17) + 1 if held_out else 2 * between(stream, i, LEVEL, 10, highest) + 1
    state.extent[i, 0], state.extent[i, 1] = width, height
    enclose(state.plan, i, width, height)
    settle(state, i, width, height)
    place_points(state, stream, i, held_out or (config.flanks > F(0) and uniform(stream, i, LEVEL) < F(config.flanks)))
    for _ in range(config.walls + (MORE_WALLS if held_out else 0)):
        build(state, stream, i)
    measure(state, i)


@kernel
def settle(state, i, width, height):
    """Mark out the two bases, in the middle of the short sides."""
    state.num_rooms[i] = 2
    for team in range(2):
        room = state.rooms[i, team]
        room.x0, room.x1 = (1, DEPTH) if team == RED else (width - 1 - DEPTH, width - 2)
        room.y0, room.y1 = height // 2 - HALF, height // 2 + HALF
        room.kind, room.number = 1 + team, 1


@kernel
def place_points(state, stream, i, flanks):
    """One point in the middle, and two that mirror each other: each nearer to one base, or on the flanks, as far as there is room."""
    width, height = state.extent[i, 0], state.extent[i, 1]
    mx, my = width // 2, height // 2
    if flanks:
        x, y = between(stream, i, LEVEL, mx - 4, mx), between(stream, i, LEVEL, 3, max(my - 8, 3))
    else:
        x, y = between(stream, i, LEVEL, DEPTH + 3, mx - 6), between(stream, i, LEVEL, 3, height - 4)
    if flanks and below(stream, i, LEVEL, 2) == 0:
        y = height - 1 - y
    put(state, i, MIDDLE, mx, my)
    put(state, i, OWN, x, y)
    put(state, i, FAR, width - 1 - x, height - 1 - y)


@kernel
def put(state, i, p, cx, cy):
    """Put point ``p`` on the middle of a cell."""
    state.points[i, p, 0], state.points[i, p, 1] = centre(cx), centre(cy)


@kernel
def build(state, stream, i):
    """Add a wall or a crate and its mirror image where there is room for both; after ``TRIES`` tries nothing."""
    width, height = state.extent[i, 0], state.extent[i, 1]
    for _ in range(TRIES):
        shape, length = below(stream, i, LEVEL, 3), between(stream, i, LEVEL, 3, 7)
        across, along = (length, 1) if shape == 0 else ((1, length) if shape == 1 else (2, 2))
        x0, y0 = between(stream, i, LEVEL, 2, width - 2 - across), between(stream, i, LEVEL, 2, height - 2 - along)
        x1, y1 = x0 + across - 1, y0 + along - 1
        apart = max(width - 1 - 2 * x1, 2 * x0 - width + 1, height - 1 - 2 * y1, 2 * y0 - height + 1)
        if apart > GAP and roomy(state, i, x0, y0, x1, y1):
            add(state, i, shape, x0, y0, x1, y1)
            add(state, i, shape, width - 1 - x1, height - 1 - y1, width - 1 - x0, height - 1 - y0)
            return


@kernel
def add(state, i, shape, x0, y0, x1, y1):
    """Add a wall (shape 0 along x, 1 along y) or a crate."""
    if shape < 2:
        add_wall(state.plan, i, x0, y0, x1, y1, True, True)
    else:
        add_object(state.plan, i, FURNITURE, x0, y0, x1, y1)


@kernel
def roomy(state, i, x0, y0, x1, y1):
    """Whether the cells around those from (x0, y0) to (x1, y1) are free, and no base or point is among them."""
    left, low, right, high = max(x0 - GAP, 0), max(y0 - GAP, 0), x1 + GAP, y1 + GAP
    for y in range(low, min(high, state.extent[i, 1] - 1) + 1):
        for x in range(left, min(right, state.extent[i, 0] - 1) + 1):
            if state.plan.cells[i, y, x] != 0:
                return False
    for team in range(2):
        room = state.rooms[i, team]
        if room.x0 <= right and room.x1 >= left and room.y0 <= high and room.y1 >= low:
            return False
    for p in range(state.points.shape[1]):
        cx, cy = cell(state.points[i, p, 0]), cell(state.points[i, p, 1])
        if cx - 1 <= right and cx + 1 >= left and cy - 1 <= high and cy + 1 >= low:
            return False
    return True


@kernel
def measure(state, i):
    """Measure the ways to all zones, as red sees them, and put up signposts."""
    for zone in range(ZONES):
        if zone < HOME:
            cx, cy = cell(state.points[i, zone, 0]), cell(state.points[i, zone, 1])
            corners = (cx - 1, cy - 1, cx + 1, cy + 1)
        else:
            room = state.rooms[i, BLUE if zone == AWAY else RED]
            corners = (np.int64(room.x0), np.int64(room.y0), np.int64(room.x1), np.int64(room.y1))
        geodesic.flood(state.plan.cells[i], corners, state.field[i], state.scratch[i])
        for y in range(state.extent[i, 1]):
            for x in range(state.extent[i, 0]):
                state.map[i, y, x, zone] = state.field[i, y, x]
        signposts.put_up(state.field[i], state.extent[i, 0], state.extent[i, 1], AHEAD_CELLS, state.map[i, :, :, ZONES + zone])


@kernel
def spawn_point(state, i, team, k):
    """(x, y) in m of the ``k``-th of the ``SPAWNS`` places where a team appears: two columns in its base."""
    room = state.rooms[i, RED]
    x, y = centre(room.x0 + 1 + 2 * (k % 2)), centre(room.y0 + 2 * (k // 2 % (SPAWNS // 2)))
    return turned(state, i, team, x, y)


@inlined
def turned(state, i, team, x, y):
    """A place (m) as ``team`` sees it: for blue the plan is turned by half. Turning twice leads back."""
    return (x, y) if team == RED else (F(state.extent[i, 0]) * CELL_M - x, F(state.extent[i, 1]) * CELL_M - y)


@inlined
def seen_as(team, p):
    """Number of a point as ``team`` numbers it, from red's number; and back."""
    return p if team == RED or p <= MIDDLE else OWN + FAR - p


@inlined
def cell_of(state, i, team, x, y):
    """(row, column) in the map of what ``team`` knows of the cell of a place (m)."""
    x, y = turned(state, i, team, x, y)
    return cell(y), cell(x)


@kernel
def way(state, i, team, zone, x, y):
    """Metres that ``team`` has to walk from a place (m) to a zone, to the half metre."""
    row, column = cell_of(state, i, team, x, y)
    return F(state.map[i, row, column, zone]) * F(0.1)


@kernel
def ahead_on_way(state, i, team, zone, x, y):
    """The place (m) ``AHEAD_CELLS`` farther on the way of ``team`` from a place (m) to a zone."""
    row, column = cell_of(state, i, team, x, y)
    fx, fy = signposts.read(state.map[i, row, column, ZONES + zone])
    return turned(state, i, team, fx, fy)
