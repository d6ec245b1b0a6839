"""What is in which view, as instances to draw, and the way back from a sheet of views to arrays."""

import math
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.eyes.art import AVATAR_ID, FIGURE_M, HALF_WIDTH_M, MARK_ID
from avatarium.worlds.core.eyes.columns import CLOSEST_M, is_low, shade, side_shown
from avatarium.worlds.core.eyes.raycast import ahead
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import GLASS

F = np.float32
VIEW = np.dtype([("eye", "f4", 4), ("tile", "i4"), ("layer", "i4")])
"""Place (m), cosine and sine of the heading; number of the tile in the sheet, and of the floor."""
BOX = np.dtype([("extent", "f4", 4), ("gaze", "f4", 2), ("tile", "i4"), ("kind", "i4")])
"""A box relative to an eye (m), and the heading of that."""
STANDING = np.dtype([("place", "f4", 4), ("span", "f4", 2), ("colour", "f4", 3), ("tile", "i4"), ("angle", "i4"), ("number", "i4")])
"""Metres ahead and to the right, half width (m) and how much of its colour is left; heights (m) of foot and head; sRGB colour, 0 to 255;
side that a figure shows, -1 for a thing; number of what it is."""
THING = -1
NEAREST_M = 0.02
"""Nothing nearer is drawn; a depth buffer holds 1 - NEAREST_M / depth."""


class Visible(NamedTuple):
    """Instances, with room for all there may be."""

    views: np.ndarray  # VIEW
    boxes: np.ndarray  # BOX
    panes: np.ndarray  # BOX
    standing: np.ndarray  # STANDING


def room(views: int, boxes: int, standing: int) -> Visible:
    """Room for ``views`` views of so many boxes and things each."""
    return Visible(np.zeros(views, VIEW), np.zeros(views * boxes, BOX), np.zeros(views * boxes, BOX), np.zeros(views * standing, STANDING))


@kernel
def gather(plan, avatars, colours, marks, counts, art, lens, seats, out, start, stop):
    """Fill ``out`` with what avatars ``seats`` (first, how many) of environments ``start`` to ``stop`` may see; returns how many views,
    boxes, panes and standing things that are. Tiles are numbered environment by environment, those of absent avatars included.
    """
    first, agents = seats
    views = boxes = panes = standing = 0
    for i in range(start, stop):
        for a in range(first, first + agents):
            me = avatars[i, a]
            if me.present == 1:
                tile = (i - start) * agents + a - first
                view = out.views[views]
                view.eye[0], view.eye[1], view.eye[2], view.eye[3] = me.x, me.y, me.cos, me.sin
                view.tile, view.layer = tile, i - start
                views += 1
                boxes = gather_boxes(plan, i, me, lens, tile, False, out.boxes, boxes)
                panes = gather_boxes(plan, i, me, lens, tile, True, out.panes, panes)
                standing = gather_things(marks[i], counts[i], me, art, tile, out.standing, standing)
                standing = gather_figures(avatars[i], colours, a, art, tile, out.standing, standing)
    return views, boxes, panes, standing


@inlined
def gather_boxes(plan, i, me, lens, tile, glass, out, n):
    """Append the boxes before an eye, panes of glass or others, to the ``n`` in ``out``; returns how many there are then."""
    tan = -lens.side[0] * F(1.02)
    for b in range(plan.num_boxes[i]):
        kind = plan.kinds[i, b]
        x0, y0 = plan.boxes[i, 0, b] - me.x, plan.boxes[i, 1, b] - me.y
        x1, y1 = plan.boxes[i, 2, b] - me.x, plan.boxes[i, 3, b] - me.y
        if (is_low(kind) and kind == GLASS) == glass and ahead(x0, y0, x1, y1, me.cos, me.sin, tan):
            box = out[n]
            box.extent[0], box.extent[1], box.extent[2], box.extent[3] = x0, y0, x1, y1
            box.gaze[0], box.gaze[1], box.tile, box.kind = me.cos, me.sin, tile, kind
            n += 1
    return n


@inlined
def gather_things(marks, count, me, art, tile, out, n):
    """Append things."""
    for m in range(count):
        thing = marks[m]
        if stand(out[n], me, thing.x, thing.y, thing.radius, art, tile):
            out[n].span[0], out[n].span[1] = thing.z, thing.z + thing.height
            out[n].colour[0], out[n].colour[1], out[n].colour[2] = thing.red, thing.green, thing.blue
            out[n].angle, out[n].number = THING, MARK_ID
            n += 1
    return n


@inlined
def gather_figures(bodies, colours, a, art, tile, out, n):
    """Append the others."""
    me = bodies[a]
    for b in range(bodies.shape[0]):
        body = bodies[b]
        if b != a and body.present == 1 and stand(out[n], me, body.x, body.y, F(HALF_WIDTH_M), art, tile):
            turn_cos, turn_sin = body.cos * me.cos + body.sin * me.sin, body.sin * me.cos - body.cos * me.sin
            out[n].span[0], out[n].span[1] = F(0), F(FIGURE_M)
            for channel in range(3):
                out[n].colour[channel] = art.people[colours[b], channel]
            out[n].angle, out[n].number = side_shown(out[n].place[0], -out[n].place[1], turn_cos, turn_sin), AVATAR_ID + b
            n += 1
    return n


@inlined
def stand(out, me, x, y, half, art, tile):
    """Put something at (x, y) before an eye; returns whether it is far enough ahead to be drawn."""
    dx, dy = x - me.x, y - me.y
    out.place[0], out.place[1], out.place[2] = me.cos * dx + me.sin * dy, me.sin * dx - me.cos * dy, half
    out.place[3], out.tile = art.fog[shade(math.sqrt(dx * dx + dy * dy))], tile
    return out.place[0] >= CLOSEST_M


@kernel
def unpack(sheet, buffer, beyond, tiles, rgb, depth, ids):
    """Take views out of a ``sheet`` uint8 [h, w, 4] of colours and numbers, ``tiles`` of them in a row, and out of its depth ``buffer``
    float32 [h, w]; ``beyond`` float32 [H] is the depth (m) of the floor in every row. Arrays of no views are left alone.
    """
    rows = beyond.shape[0]
    columns = sheet.shape[1] // tiles
    for v in range(max(rgb.shape[0], depth.shape[0], ids.shape[0])):
        top, left = v // tiles * rows, v % tiles * columns
        for r in range(rows):
            for k in range(columns):
                pixel = sheet[top + r, left + k]
                if rgb.shape[0] > 0:
                    rgb[v, r, k, 0], rgb[v, r, k, 1], rgb[v, r, k, 2] = pixel[0], pixel[1], pixel[2]
                if ids.shape[0] > 0:
                    ids[v, r, k] = pixel[3]
                if depth.shape[0] > 0:
                    nearness = F(1) - buffer[top + r, left + k]
                    behind = beyond[r] if pixel[3] > 0 else F(np.inf)
                    depth[v, r, k] = F(NEAREST_M) / nearness if nearness > F(0) else behind
