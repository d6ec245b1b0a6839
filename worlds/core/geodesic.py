"""Ways through a floor plan: distance fields over cells, lengths of shortest paths, and where to head for next."""

import math

import numpy as np
from numba import njit

from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.plan import cell, centre, in_sight

F = np.float32
FAR = np.uint16(65535)
STRAIGHT, DIAGONAL = 5, 7
"""Lengths of steps between cells in decimetres (chamfer weights, Borgefors 1986)."""
BUCKETS, CAPACITY = 8, 1024
DX = np.array([1, -1, 0, 0, 1, 1, -1, -1], np.int64)
DY = np.array([0, 0, 1, -1, 1, -1, 1, -1], np.int64)


def allocate_scratch(num_envs: int) -> np.ndarray:
    """Working memory for ``flood``: int16 [N, BUCKETS, CAPACITY]."""
    return np.zeros((num_envs, BUCKETS, CAPACITY), np.int16)


@njit(cache=True)
def flood(cells, zone, field, scratch):
    """Fill ``field`` [H, W, uint16] with decimetres to the nearest free cell of ``zone`` (x0, y0, x1, y1 in cells, ends included).

    Dial's algorithm (1969) with eight neighbours; no corner is cut; unreachable cells hold ``FAR``. The outermost cells have to be
    blocked. ``scratch`` [BUCKETS, CAPACITY] holds, per bucket, how many cells wait in it and then which.
    """
    width = cells.shape[1]
    field[:] = FAR
    scratch[:, 0] = 0
    waiting = 0
    for y in range(zone[1], zone[3] + 1):
        for x in range(zone[0], zone[2] + 1):
            if cells[y, x] == 0:
                field[y, x] = np.uint16(0)
                waiting += push(scratch, 0, y * width + x)
    level = 0
    while waiting > 0:
        bucket = level & 7
        n = scratch[bucket, 0]
        for k in range(1, n + 1):
            at = np.int64(scratch[bucket, k])
            if field[at // width, at % width] == level:
                waiting += spread(cells, field, scratch, at // width, at % width, level)
        waiting -= n
        scratch[bucket, 0] = 0
        level += 1


@njit(cache=True)
def spread(cells, field, scratch, y, x, level):
    """Offer the eight neighbours of a cell the way through it; returns how many took it."""
    taken = 0
    for side in range(8):
        nx, ny = x + DX[side], y + DY[side]
        length = level + (STRAIGHT if side < 4 else DIAGONAL)
        if cells[ny, nx] == 0 and length < field[ny, nx] and (side < 4 or (cells[y, nx] == 0 and cells[ny, x] == 0)):
            field[ny, nx] = np.uint16(length)
            taken += push(scratch, length & 7, ny * cells.shape[1] + nx)
    return taken


@njit(cache=True)
def push(scratch, bucket, at):
    """Put a cell into a bucket; returns 1, or 0 when the bucket is full (never in plans of up to 64 x 64 cells)."""
    n = scratch[bucket, 0] + 1
    if n >= scratch.shape[1]:
        return 0
    scratch[bucket, n] = at
    scratch[bucket, 0] = n
    return 1


@njit(cache=True)
def distance(field, x, y):
    """Metres to the zone from a point: the best of the nine cells around it, each with the straight way to its middle."""
    cx, cy, best = cell(x), cell(y), F(1e4)
    if field[cy, cx] == 0:
        return F(0)
    for ny in range(cy - 1, cy + 2):
        for nx in range(cx - 1, cx + 2):
            steps = field[ny, nx]
            if steps != FAR:
                ox, oy = centre(nx) - x, centre(ny) - y
                total = F(steps) * F(0.1) + math.sqrt(ox * ox + oy * oy)
                if total < best:
                    best = total
    return best


@njit(cache=True)
def downhill(field, cx, cy):
    """The neighbour of a cell that is nearest to the zone; the cell itself inside the zone."""
    best, bx, by = field[cy, cx], cx, cy
    for side in range(8):
        nx, ny = cx + DX[side], cy + DY[side]
        straight = side < 4 or (field[cy, nx] != FAR and field[ny, cx] != FAR)
        if straight and field[ny, nx] < best:
            best, bx, by = field[ny, nx], nx, ny
    return bx, by


@njit(cache=True)
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


@njit(cache=True)
def waypoint(plan, i, field, x, y, reach):
    """The farthest point (x, y in m) of the way over cells, at most ``reach`` cells ahead, that a body can walk to in a straight line."""
    cx, cy, bx, by = cell(x), cell(y), x, y
    for k in range(reach):
        cx, cy = downhill(field, cx, cy)
        px, py = centre(cx), centre(cy)
        if k > 0 and not in_sight(plan, i, x, y, px, py, RADIUS_M):
            break
        bx, by = px, py
        if field[cy, cx] == 0:
            break
    return bx, by
