"""Draws views one column a thread: by the formulas of ``core.eyes.columns``, in the order of ``core.eyes.raycast``, hence the same bytes.

What overlaps is settled pixel by pixel, as on the CPU: walls and floor first, then whatever stands about, where it is nearer than what is
there already, panes of glass last. Neighbouring threads have neighbouring columns, so that what they read and write lies side by side.
"""

import math

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
from avatarium.worlds.core.eyes.raycast import covered
from avatarium.worlds.core.eyes.sensor import IDS, NEAR_M
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import GLASS

F = np.float32


@kernel
def draw(plan, avatars, late, clock, colours, floor, marks, counts, art, lens, work, which, first, out, start, stop):
    """Fill ``out`` as ``raycast.look`` does, as threads ``start`` to ``stop`` of as many as ``work`` has columns.

    ``floor``: uint8 [N, cells]; ``work``: image uint32 [H, T] and depths float32 [H, T]. Thread t draws columns t, t + T, t + 2 T ... of
    all views side by side. No state is changed: what is known of others is read where it is kept.
    """
    rgb, depth, ids, rows, at, channels = out
    image, depths = work
    agents = max(rgb.shape[1], depth.shape[1], ids.shape[1], rows.shape[1])
    wide, threads = lens.side.shape[0], image.shape[1]
    for t in range(start, stop):
        for n in range(t, which.shape[0] * agents * wide, threads):
            i, a, k = n // (agents * wide), n // wide % agents, n % wide
            if which[i]:
                if avatars[i, first + a].present == 1:
                    column(plan, avatars, late, clock, colours, floor, marks, counts, art, lens, image, depths, i, first + a, k, t)
                else:
                    for r in range(image.shape[0]):
                        image[r, t], depths[r, t] = np.uint32(0), FARTHEST_M
                unpack(image, depths, rgb, depth, ids, i, a, k, t)
                if rows.shape[0] > 0:
                    to_row(image, depths, rows[i, a], at + k, wide, channels, t)


@inlined
def column(plan, avatars, late, clock, colours, floor, marks, counts, art, lens, image, depths, i, number, k, t):
    """Draw what avatar ``number`` of environment ``i`` sees in column ``k``, in column ``t`` of ``image`` and ``depths``."""
    me = avatars[i, number]
    wall = background(plan, me, floor[i], art, lens, image, depths, i, k, t)
    for glass in range(2):  # panes last: they are laid over what is behind them
        low_boxes(plan, glass == 1, me, wall, art, lens, image, depths, i, k, t)
        if glass == 0:
            things(marks[i], counts[i], me, art, lens, image, depths, k, t)
            figures(avatars, late, clock, colours, number, art, lens, image, depths, i, k, t)


@inlined
def background(plan, me, tints, art, lens, image, depths, i, k, t):
    """Draw sky, wall and floor; returns the depth of the wall."""
    boxes, size = plan.boxes[i], (image.shape[0], lens.focal)
    gaze_x, gaze_y = me.cos + me.sin * lens.side[k], me.sin - me.cos * lens.side[k]
    inverse_x, inverse_y = F(1) / gaze_x, F(1) / gaze_y
    wall, material = FARTHEST_M, np.int32(0)
    for b in range(plan.num_boxes[i]):
        if not is_low(plan.kinds[i, b]):
            near, far, face = entering(boxes[0, b] - me.x, boxes[1, b] - me.y, boxes[2, b] - me.x, boxes[3, b] - me.y, inverse_x, inverse_y)
            if near <= far and near > F(0) and near < wall:
                wall, material = near, np.int32(FIRST_BOX + SIDES * plan.kinds[i, b]) + face
    wall = max(wall, NEAREST_M)
    colour = art.paint[material * SHADES + shade(min(wall, F(100)) * lens.length[k])]
    top, bottom = int(row_of(size, WALL_TOP_M, wall) + F(0.5)), int(row_of(size, F(0), wall) + F(0.5))
    height, width = plan.cells.shape[1:]
    for r in range(image.shape[0]):
        below = F(r) + F(0.5) - F(0.5) * F(image.shape[0])
        if below <= F(0):
            image[r, t], depths[r, t] = (colour, wall) if r >= top else (sky(r, image.shape[0]), FARTHEST_M)
        elif r < bottom:
            image[r, t], depths[r, t] = colour, wall
        else:
            away = EYE_M * lens.focal / below
            step = np.int32(shade(min(away * lens.length[k], F(100))))
            image[r, t] = ground(art.paint, tints, width, height, me.x + away * gaze_x, me.y + away * gaze_y, step)
            depths[r, t] = away
    return wall


@inlined
def low_boxes(plan, glass, me, wall, art, lens, image, depths, i, k, t):
    """Draw the boxes that one looks over, or lay panes of ``glass`` over what is there."""
    boxes, size = plan.boxes[i], (image.shape[0], lens.focal)
    inverse_x, inverse_y = F(1) / (me.cos + me.sin * lens.side[k]), F(1) / (me.sin - me.cos * lens.side[k])
    for b in range(plan.num_boxes[i]):
        kind = plan.kinds[i, b]
        if is_low(kind) and (kind == GLASS) == glass:
            near, far, face = entering(boxes[0, b] - me.x, boxes[1, b] - me.y, boxes[2, b] - me.x, boxes[3, b] - me.y, inverse_x, inverse_y)
            if near <= far and far > F(0) and near < wall:
                box_column(art, image, depths, size, t, kind, near, min(far, wall), face, lens.length[k])


@inlined
def things(marks, count, me, art, lens, image, depths, k, t):
    """Draw the things that stand about."""
    for m in range(count):
        thing = marks[m]
        dx, dy = thing.x - me.x, thing.y - me.y
        depth, right = me.cos * dx + me.sin * dy, me.sin * dx - me.cos * dy
        if meets(lens, depth, right, thing.radius, k):
            left = art.fog[shade(math.sqrt(dx * dx + dy * dy))]
            mark_column(image, depths, (image.shape[0], lens.focal), t, lens.side[k] * depth - right, thing, depth, left)


@inlined
def figures(avatars, late, clock, colours, number, art, lens, image, depths, i, k, t):
    """Draw the others as avatar ``number`` knows them: as they were when what has arrived of them was sent."""
    me, depth_kept = avatars[i, number], late.past.shape[1]
    for b in range(avatars.shape[1]):
        age = min(late.ages[i, b], clock[i], depth_kept - 1) if late.past.shape[0] > 0 else 0
        bodies = late.past[i, (clock[i] - age) % depth_kept] if age > 0 else avatars[i]
        body = bodies[b]
        if b != number and body.present == 1:
            dx, dy = body.x - me.x, body.y - me.y
            depth, right = me.cos * dx + me.sin * dy, me.sin * dx - me.cos * dy
            if meets(lens, depth, right, F(HALF_WIDTH_M), k):
                angle = side_shown(depth, -right, body.cos * me.cos + body.sin * me.sin, body.sin * me.cos - body.cos * me.sin)
                left, size = art.fog[shade(math.sqrt(dx * dx + dy * dy))], (image.shape[0], lens.focal)
                body_column(art, image, depths, size, t, lens.side[k] * depth - right, colours[b], b, angle, depth, left)


@inlined
def meets(lens, depth, right, radius, k):
    """Whether column ``k`` is among those that something round may cover."""
    tan = -lens.side[0] * F(1.02)
    if depth < CLOSEST_M or abs(right) - radius > depth * tan:
        return False
    first, stop = covered(lens, lens.side.shape[0], depth, right, radius)
    return first <= k < stop


@inlined
def unpack(image, depths, rgb, depth, ids, i, a, k, t):
    """Tell colours, depths (m) and numbers of things, as far as there is room for them."""
    for r in range(image.shape[0]):
        seen = image[r, t]
        if rgb.shape[0] > 0:
            rgb[i, a, r, k, 0] = np.uint8(seen & np.uint32(255))
            rgb[i, a, r, k, 1] = np.uint8((seen >> np.uint32(8)) & np.uint32(255))
            rgb[i, a, r, k, 2] = np.uint8((seen >> np.uint32(16)) & np.uint32(255))
        if depth.shape[0] > 0:
            depth[i, a, r, k] = metres(depths[r, t])
        if ids.shape[0] > 0:
            ids[i, a, r, k] = np.uint8(seen >> np.uint32(24))


@inlined
def to_row(image, depths, row, at, wide, channels, t):
    """Write a column into an observation from index ``at`` on, channel by channel: colours, then nearness and numbers if wanted."""
    plane = image.shape[0] * wide
    with_depth, with_ids = channels
    for r in range(image.shape[0]):
        seen, first = image[r, t], at + r * wide
        for channel in range(3):
            row[first + channel * plane] = F(np.int32((seen >> np.uint32(8 * channel)) & np.uint32(255))) * F(1 / 255)
        if with_depth:
            row[first + 3 * plane] = F(1) - min(depths[r, t], F(NEAR_M)) * F(1 / NEAR_M)
        if with_ids:
            row[first + (3 + with_depth) * plane] = F(np.int32(seen >> np.uint32(24))) * F(1 / IDS)
