"""Draws views on the CPU: walls for all columns at once, floors row by row, then what stands about, nearest first in every pixel."""

import math
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.eyes.art import FIRST_BOX, HALF_WIDTH_M, SHADES
from avatarium.worlds.core.eyes.columns import (
    CLOSEST_M,
    EYE_M,
    FARTHEST_M,
    NEAREST_M,
    SIDES,
    WALL_TOP_M,
    body_column,
    box_column,
    entering,
    ground,
    is_low,
    mark_column,
    metres,
    row_of,
    shade,
    side_shown,
    sky,
)
from avatarium.worlds.core.eyes.sensor import IDS, NEAR_M
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import GLASS
from avatarium.worlds.core.synclag import catch_up, fade, stand, turn_back

F = np.float32


class Lens(NamedTuple):
    """How a picture is taken."""

    side: np.ndarray  # float32 [W]: tangent of the angle of each column, to the right
    length: np.ndarray  # float32 [W]: metres along its gaze per metre of depth
    focal: np.float32  # pixels


def lens(width: int, fov_deg: float) -> Lens:
    """The lens of a picture ``width`` pixels wide."""
    edge = math.tan(math.radians(fov_deg) / 2)
    side = ((np.arange(width) + 0.5) / width * 2 - 1) * edge
    return Lens(side.astype(F), np.sqrt(1 + side**2).astype(F), F(0.5 * width / edge))


class Scratch(NamedTuple):
    """Working memory for one view."""

    image: np.ndarray  # uint32 [H, W]: see art.Art.paint
    depths: np.ndarray  # float32 [H, W]: m to what is seen, through panes of glass; FARTHEST_M in the sky
    columns: np.ndarray  # float32 [5, W]: gaze along x and y, their inverses, depth of the wall
    walls: np.ndarray  # int32 [4, W]: material, colour (as bits), first row, row after the last
    tints: np.ndarray  # int32 [cells]: tints of the floor


def scratch(width: int, height: int, cells: int) -> Scratch:
    """Working memory for pictures of this size, in plans of so many cells."""
    return Scratch(
        np.zeros((height, width), np.uint32),
        np.zeros((height, width), F),
        np.zeros((5, width), F),
        np.zeros((4, width), np.int32),
        np.zeros(cells, np.int32),
    )


@kernel
def look(plan, avatars, late, clock, colours, floor, marks, counts, art, lens, work, which, first, out, start, stop):
    """Fill ``out`` with the views of avatars ``first`` and on, of environments ``start`` to ``stop`` where ``which`` is set.

    Others are drawn as they are known where ``late`` (see ``synclag``) has environments, else as they are.

    ``out``: rgb uint8 [N, A, H, W, 3], depth float32 [N, A, H, W], ids uint8 [N, A, H, W], rows float32 [N, A, D] with the place of a
    picture in them; each may have no environments, and is left alone then. Absent avatars see nothing: zeros.
    """
    rgb, depth, ids, rows, at, channels = out
    agents = max(rgb.shape[1], depth.shape[1], ids.shape[1], rows.shape[1])
    height, width = floor.shape[1:]
    for i in range(start, stop):
        if which[i]:
            tints = floor[i].reshape(-1)
            for n in range(tints.shape[0]):
                work.tints[n] = tints[n]
            if late.past.shape[0] > 0:
                turn_back(late, avatars, clock[i], i)
            for a in range(agents):
                if late.past.shape[0] > 0:
                    stand(late, avatars, i, first + a)
                if avatars[i, first + a].present == 1:
                    view(plan, avatars[i], colours, marks[i], counts[i], art, lens, work, i, first + a, width, height)
                else:
                    work.image[:] = np.uint32(0)
                    work.depths[:] = FARTHEST_M
                if rgb.shape[0] > 0:
                    to_bytes(work.image, rgb[i, a])
                if depth.shape[0] > 0:
                    to_depth(work.depths, depth[i, a])
                if ids.shape[0] > 0:
                    to_ids(work.image, ids[i, a])
                if rows.shape[0] > 0:
                    to_row(work, rows[i, a], at, channels)
                if late.past.shape[0] > 0:
                    fade(late, avatars, clock[i], i, first + a)
            if late.past.shape[0] > 0:
                catch_up(late, avatars, i)


@kernel
def view(plan, bodies, colours, marks, count, art, lens, work, i, a, width, height):
    """Draw what avatar ``a`` of environment ``i`` sees."""
    me = bodies[a]
    x, y, c, s = me.x, me.y, me.cos, me.sin
    aim(lens, work, c, s)
    boxes, tan = plan.boxes[i], -lens.side[0] * F(1.02)
    for b in range(plan.num_boxes[i]):
        if not is_low(plan.kinds[i, b]) and ahead(boxes[0, b] - x, boxes[1, b] - y, boxes[2, b] - x, boxes[3, b] - y, c, s, tan):
            cast_wall(work, plan.kinds[i, b], boxes[0, b] - x, boxes[1, b] - y, boxes[2, b] - x, boxes[3, b] - y)
    raise_walls(art, lens, work)
    fill(art, lens, work, x, y, width, height)
    for glass in range(2):  # panes last: they are laid over what is behind them
        for b in range(plan.num_boxes[i]):
            kind = plan.kinds[i, b]
            if is_low(kind) and (kind == GLASS) == (glass == 1):
                x0, y0, x1, y1 = boxes[0, b] - x, boxes[1, b] - y, boxes[2, b] - x, boxes[3, b] - y
                if ahead(x0, y0, x1, y1, c, s, tan):
                    draw_box(art, lens, work, kind, x0, y0, x1, y1)
        if glass == 0:
            for m in range(count):
                draw_mark(art, lens, work, marks[m], marks[m].x - x, marks[m].y - y, c, s, tan)
            for b in range(bodies.shape[0]):
                if b != a and bodies[b].present == 1:
                    draw_body(art, lens, work, bodies[b], colours[b], b, x, y, c, s, tan)


@inlined
def ahead(x0, y0, x1, y1, c, s, tan):
    """Whether a box, given relative to the eye, may be in the picture."""
    cx, cy, hx, hy = F(0.5) * (x0 + x1), F(0.5) * (y0 + y1), F(0.5) * (x1 - x0), F(0.5) * (y1 - y0)
    farthest = c * cx + s * cy + abs(c) * hx + abs(s) * hy
    right, reach = s * cx - c * cy, abs(s) * hx + abs(c) * hy
    return (farthest > F(0)) & (abs(right) - reach < farthest * tan) & (abs(cx) < F(1e5))


@kernel
def aim(lens, work, c, s):
    """Where every column looks."""
    gaze_x, gaze_y, inverse_x, inverse_y, depth = work.columns
    for k in range(lens.side.shape[0]):
        gaze_x[k], gaze_y[k] = c + s * lens.side[k], s - c * lens.side[k]
        inverse_x[k], inverse_y[k] = F(1) / gaze_x[k], F(1) / gaze_y[k]
        depth[k] = FARTHEST_M
        work.walls[0, k] = 0


@kernel
def cast_wall(work, kind, x0, y0, x1, y1):
    """Enter one wall into all columns that meet it first."""
    inverse_x, inverse_y, depth, material = work.columns[2], work.columns[3], work.columns[4], work.walls[0]
    base = np.int32(FIRST_BOX + SIDES * kind)
    for k in range(depth.shape[0]):
        near, far, face = entering(x0, y0, x1, y1, inverse_x[k], inverse_y[k])
        before = depth[k]
        hit = (near <= far) & (near > F(0)) & (near < before)
        depth[k] = near if hit else before
        material[k] = base + face if hit else material[k]


@kernel
def raise_walls(art, lens, work):
    """Colour and rows of the wall in every column."""
    material, colour, top, bottom = work.walls
    size = (work.image.shape[0], lens.focal)
    for k in range(material.shape[0]):
        depth = max(work.columns[4, k], NEAREST_M)
        work.columns[4, k] = depth
        colour[k] = np.int32(art.paint[material[k] * SHADES + shade(min(depth, F(100)) * lens.length[k])])
        top[k], bottom[k] = int(row_of(size, WALL_TOP_M, depth) + F(0.5)), int(row_of(size, F(0), depth) + F(0.5))


@kernel
def fill(art, lens, work, x, y, width, height):
    """Sky, walls and floor, row by row."""
    colour, top, bottom = work.walls[1], work.walls[2], work.walls[3]
    gaze_x, gaze_y, wall = work.columns[0], work.columns[1], work.columns[4]
    rows, columns = work.image.shape
    for r in range(rows):
        line, depths = work.image[r], work.depths[r]
        below = F(r) + F(0.5) - F(0.5) * F(rows)
        if below <= F(0):
            above = sky(r, rows)
            for k in range(columns):
                line[k] = np.uint32(colour[k]) if r >= top[k] else above
                depths[k] = wall[k] if r >= top[k] else FARTHEST_M
        else:
            away = EYE_M * lens.focal / below
            for k in range(columns):
                step = np.int32(shade(min(away * lens.length[k], F(100))))
                line[k] = (
                    np.uint32(colour[k])
                    if r < bottom[k]
                    else ground(art.paint, work.tints, width, height, x + away * gaze_x[k], y + away * gaze_y[k], step)
                )
                depths[k] = wall[k] if r < bottom[k] else away


@kernel
def draw_box(art, lens, work, kind, x0, y0, x1, y1):
    """Draw a box that one looks over, or through."""
    size = (work.image.shape[0], lens.focal)
    for k in range(work.image.shape[1]):
        near, far, face = entering(x0, y0, x1, y1, work.columns[2, k], work.columns[3, k])
        if near <= far and far > F(0) and near < work.columns[4, k]:
            box_column(art, work.image, work.depths, size, k, kind, near, min(far, work.columns[4, k]), face, lens.length[k])


@inlined
def covered(lens, columns, depth, right, radius):
    """The columns from first to the one after the last that something round at a depth may cover."""
    edge = -lens.side[0] * F(columns) / F(columns - 1)
    scale = F(0.5) * F(columns) / (depth * edge)
    middle = F(0.5) * F(columns)
    return max(int((right - radius) * scale + middle), 0), min(int((right + radius) * scale + middle) + 1, columns)


@kernel
def draw_mark(art, lens, work, thing, dx, dy, c, s, tan):
    """Draw one thing, (dx, dy) from the eye."""
    depth, right = c * dx + s * dy, s * dx - c * dy
    if depth < CLOSEST_M or abs(right) - thing.radius > depth * tan:
        return
    first, stop = covered(lens, work.image.shape[1], depth, right, thing.radius)
    left = art.fog[shade(math.sqrt(dx * dx + dy * dy))]
    for k in range(first, stop):
        mark_column(work.image, work.depths, (work.image.shape[0], lens.focal), k, lens.side[k] * depth - right, thing, depth, left)


@kernel
def draw_body(art, lens, work, body, colour, number, x, y, c, s, tan):
    """Draw one other avatar."""
    dx, dy = body.x - x, body.y - y
    depth, right = c * dx + s * dy, s * dx - c * dy
    if depth < CLOSEST_M or abs(right) - F(HALF_WIDTH_M) > depth * tan:
        return
    angle = side_shown(depth, -right, body.cos * c + body.sin * s, body.sin * c - body.cos * s)
    first, stop = covered(lens, work.image.shape[1], depth, right, F(HALF_WIDTH_M))
    left = art.fog[shade(math.sqrt(dx * dx + dy * dy))]
    size = (work.image.shape[0], lens.focal)
    for k in range(first, stop):
        body_column(art, work.image, work.depths, size, k, lens.side[k] * depth - right, colour, number, angle, depth, left)


@kernel
def to_bytes(image, rgb):
    """Unpack colours into uint8 [H, W, 3]."""
    for r in range(image.shape[0]):
        for k in range(image.shape[1]):
            colour = image[r, k]
            rgb[r, k, 0] = np.uint8(colour & np.uint32(255))
            rgb[r, k, 1] = np.uint8((colour >> np.uint32(8)) & np.uint32(255))
            rgb[r, k, 2] = np.uint8((colour >> np.uint32(16)) & np.uint32(255))


@kernel
def to_ids(image, ids):
    """Unpack numbers of things into uint8 [H, W]."""
    for r in range(image.shape[0]):
        for k in range(image.shape[1]):
            ids[r, k] = np.uint8(image[r, k] >> np.uint32(24))


@kernel
def to_depth(depths, depth):
    """Copy depths (m) into float32 [H, W]; the sky is infinitely far."""
    for r in range(depth.shape[0]):
        for k in range(depth.shape[1]):
            depth[r, k] = metres(depths[r, k])


@kernel
def to_row(work, row, at, channels):
    """Write a picture into an observation from index ``at`` on, channel by channel: colours, then nearness and numbers if wanted."""
    rows, columns = work.image.shape
    plane = rows * columns
    with_depth, with_ids = channels
    for r in range(rows):
        line, first = work.image[r], at + r * columns
        for channel in range(3):
            part, shift = row[first + channel * plane : first + channel * plane + columns], np.uint32(8 * channel)
            for k in range(columns):
                part[k] = F(np.int32((line[k] >> shift) & np.uint32(255))) * F(1 / 255)
        if with_depth:
            depths, part = work.depths[r], row[first + 3 * plane : first + 3 * plane + columns]
            for k in range(columns):
                part[k] = F(1) - min(depths[k], F(NEAR_M)) * F(1 / NEAR_M)
        if with_ids:
            last = first + (3 + with_depth) * plane
            part = row[last : last + columns]
            for k in range(columns):
                part[k] = F(np.int32(line[k] >> np.uint32(24))) * F(1 / IDS)
