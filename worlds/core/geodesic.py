"""Ways through a floor plan: distance fields over cells, lengths of shortest paths, and where to head for next."""

import math

import numpy as np

from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import cell, centre, in_sight

F = np.float32
FAR = np.uint16(65535)
STRAIGHT, DIAGONAL = 5, 7
"""Lengths of steps between cells in decimetres (chamfer weights, Borgefors 1986)."""
BUCKETS, CAPACITY = 8, 1024
MARGIN_M = F(0.04)
"""Room that a straight way leaves beside a body."""
DX = np.array([1, -1, 0, 0, 1, 1, -1, -1], np.int64)
DY = np.array([0, 0, 1, -1, 1, -1, 1, -1], np.int64)


def allocate_scratch(num_envs: int) -> np.ndarray:
    """Working memory for ``flood``: uint16 [N, BUCKETS, CAPACITY]."""
    return np.zeros((num_envs, BUCKETS, CAPACITY), np.uint16)


@kernel
def flood(cells, zone, field, scratch):
    """Fill ``field`` [H, W, uint16] with decimetres to the nearest free cell of ``zone`` (x0, y0, x1, y1 in cells, ends included).

    Dial's algorithm (1969) with eight neighbours; no corner is cut; cells that cannot be reached hold ``FAR``. The outermost cells have
    to be blocked. ``scratch`` [BUCKETS, CAPACITY] holds, per bucket, how many cells wait in it and then which, as y << 8 | x.
    """
    seal(cells, field)
    scratch[:, 0] = 0
    waiting, level = 0, 0
    for y in range(zone[1], zone[3] + 1):
        for x in range(zone[0], zone[2] + 1):
            if cells[y, x] == 0:
                field[y, x] = np.uint16(0)
                waiting += push(scratch, 0, np.uint64(y), np.uint64(x))
    while waiting > 0:
        bucket = level & 7
        n = scratch[bucket, 0]
        for k in range(1, n + 1):
            at = np.uint64(scratch[bucket, k])
            row, column = at >> np.uint64(8), at & np.uint64(255)
            if field[row, column] == level:
                waiting += spread(cells, field, scratch, row, column, level)
        waiting -= n
        scratch[bucket, 0] = 0
        level += 1
    unseal(cells, field)


@kernel
def seal(cells, field):
    """``FAR`` in free cells and 0 in blocked ones, so that no way into a blocked one is ever shorter."""
    for y in range(cells.shape[0]):
        for x in range(cells.shape[1]):
            field[y, x] = FAR if cells[y, x] == 0 else np.uint16(0)


@kernel
def unseal(cells, field):
    """``FAR`` in blocked cells."""
    for y in range(cells.shape[0]):
        for x in range(cells.shape[1]):
            field[y, x] = field[y, x] if cells[y, x] == 0 else FAR


@kernel
def spread(cells, field, scratch, y, x, level):
    """Offer the eight neighbours of a cell the way through it; returns how many took it."""
    taken, one = 0, np.uint64(1)
    near, far = np.uint16(level + STRAIGHT), np.uint16(level + DIAGONAL)
    taken += offer(field, scratch, y, x + one, near) + offer(field, scratch, y, x - one, near)
    taken += offer(field, scratch, y + one, x, near) + offer(field, scratch, y - one, x, near)
    east, west = cells[y, x + one] == 0, cells[y, x - one] == 0
    if cells[y + one, x] == 0:
        taken += offer(field, scratch, y + one, x + one, far) if east else 0
        taken += offer(field, scratch, y + one, x - one, far) if west else 0
    if cells[y - one, x] == 0:
        taken += offer(field, scratch, y - one, x + one, far) if east else 0
        taken += offer(field, scratch, y - one, x - one, far) if west else 0
    return taken


@inlined
def offer(field, scratch, y, x, length):
    """Take a way of ``length`` to a cell if it is shorter than the one known; returns whether, as 0 or 1."""
    taken = 0
    if length < field[y, x]:
        field[y, x] = length
        taken = push(scratch, length & np.uint16(7), y, x)
    return taken


@inlined
def push(scratch, bucket, y, x):
    """Put a cell into a bucket; returns 1, or 0 when the bucket is full (never in plans of up to 64 x 64 cells)."""
    n = scratch[bucket, 0] + 1
    done = 0
    if n < CAPACITY:
        scratch[bucket, n] = (y << np.uint64(8)) | x
        scratch[bucket, 0] = n
        done = 1
    return done


@kernel
def distance(field, x, y):
    """Metres to the zone from a point: the best of the nine cells around it, each with the straight way to its middle."""
    cx, cy, best = cell(x), cell(y), F(1e4)
    if field[cy, cx] == 0:
        return F(0)
    for k in range(9):
        nx, ny = cx + k % 3 - 1, cy + k // 3 - 1
        ox, oy = centre(nx) - x, centre(ny) - y
        total = F(field[ny, nx]) * F(0.1) + math.sqrt(ox * ox + oy * oy)
        best = total if total < best else best
    return best


@kernel
def downhill(field, cx, cy):
    """The neighbour of a cell that is nearest to the zone; the cell itself inside the zone."""
    best, bx, by = field[cy, cx], cx, cy
    for side in range(8):
        nx, ny = cx + DX[side], cy + DY[side]
        straight = side < 4 or (field[cy, nx] != FAR and field[ny, cx] != FAR)
        if straight and field[ny, nx] < best:
            best, bx, by = field[ny, nx], nx, ny
    return bx, by


@kernel
def path_length(plan, i, field, x, y):
    """Length (m) of the shortest walk of a body from (x, y) to the zone: the way over cells, pulled straight around corners."""
    cx, cy = cell(x), cell(y)
    ax, ay, px, py, total = x, y, x, y, F(0)
    while field[cy, cx] != 0 and field[cy, cx] != FAR:
        nx, ny = downhill(field, cx, cy)
        if nx == cx and ny == cy:
            break
        cx, cy = nx, ny
        x, y = centre(cx), centre(cy)
        if not in_sight(plan, i, ax, ay, x, y, RADIUS_M):
            total += math.sqrt((px - ax) * (px - ax) + (py - ay) * (py - ay))
            ax, ay = px, py
        px, py = x, y
    return total + math.sqrt((px - ax) * (px - ax) + (py - ay) * (py - ay))


@kernel
def waypoint(plan, i, field, x, y, reach):
    """The farthest point (x, y in m) of the way over cells, at most ``reach`` cells ahead, that a body can walk to in a straight line."""
    cx, cy, bx, by = cell(x), cell(y), x, y
    for k in range(reach):
        cx, cy = downhill(field, cx, cy)
        px, py = centre(cx), centre(cy)
        if k > 0 and not in_sight(plan, i, x, y, px, py, RADIUS_M + MARGIN_M):
            break
        bx, by = px, py
        if field[cy, cx] == 0:
            break
    return bx, by
