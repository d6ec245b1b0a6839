"""What one column of a picture shows: the formulas that every way of drawing shares, on the CPU or, one thread a column, on a GPU.

A view looks along ``c``, ``s`` (cosine and sine of the heading) from (x, y), ``EYE_M`` above the floor; the gaze of a column goes along
(c + s side, s - c side) per metre of depth. Depth is what lies ahead, not along the gaze. Rows count from the top.
"""

import math

import numpy as np

from avatarium.worlds.core.eyes.art import (
    ANGLES,
    AVATAR_ID,
    BLACK,
    BOX_ID,
    COLUMNS,
    FACES,
    FIGURE_M,
    FIRST_BOX,
    FOG,
    HALF_WIDTH_M,
    MARK_ID,
    NONE,
    OWN,
    ROWS,
    SHADES,
    SHADES_PER_M,
)  # fmt: skip
from avatarium.worlds.core.kernels import inlined
from avatarium.worlds.core.plan import FURNITURE, GLASS, WALL
from avatarium.worlds.core.trig import atan2

F = np.float32
EYE_M = F(1.06)
WALL_TOP_M = F(2.2)
NEAREST_M = F(0.05)
FARTHEST_M = F(1e4)
CLOSEST_M = F(0.3)
"""Bodies and things nearer than this fill the eye and are not drawn."""
FOG_R, FOG_G, FOG_B = F(FOG[0]), F(FOG[1]), F(FOG[2])
SIDES = len(FACES)
TOP = SIDES - 1
TWO_PI = F(2 * np.pi)
PANE = F(0.3)
"""How much of a pane of glass covers what is behind it."""


@inlined
def shade(metres):
    """Index of the step of paling at a distance."""
    return min(int(metres * F(SHADES_PER_M)), SHADES - 1)


@inlined
def packed(red, green, blue, left, number):
    """A colour of which ``left`` is left in the fog, with the number of the thing, as one uint32."""
    r = np.uint32(FOG_R + (red - FOG_R) * left + F(0.5))
    g = np.uint32(FOG_G + (green - FOG_G) * left + F(0.5))
    b = np.uint32(FOG_B + (blue - FOG_B) * left + F(0.5))
    return r | (g << np.uint32(8)) | (b << np.uint32(16)) | (np.uint32(number) << np.uint32(24))


@inlined
def row_of(size, up_m, depth):
    """Row, not rounded, of what is ``up_m`` above the floor at a depth; ``size``: rows of the picture, focal length in pixels."""
    rows, focal = size
    return F(0.5) * F(rows) + (EYE_M - up_m) * focal / depth


@inlined
def top_of(kind):
    """Height (m) of a box that one looks over."""
    return F(0.75) if kind == FURNITURE else F(1.0)


@inlined
def entering(x0, y0, x1, y1, inverse_x, inverse_y):
    """Depths at which a gaze enters and leaves a box given relative to the eye, and the side that it enters by (Kay and Kajiya 1986)."""
    tx0, tx1, ty0, ty1 = x0 * inverse_x, x1 * inverse_x, y0 * inverse_y, y1 * inverse_y
    near_x, far_x = (tx0 if tx0 < tx1 else tx1), (tx1 if tx0 < tx1 else tx0)
    near_y, far_y = (ty0 if ty0 < ty1 else ty1), (ty1 if ty0 < ty1 else ty0)
    near, far = (near_x if near_x > near_y else near_y), (far_x if far_x < far_y else far_y)
    by_x, by_y = (np.int32(1) if inverse_x > F(0) else np.int32(0)), (np.int32(3) if inverse_y > F(0) else np.int32(2))
    return near, far, (by_x if near_x > near_y else by_y)


@inlined
def sky(row, rows):
    """Colour above the walls at a row: paler towards the horizon."""
    t = min(max((F(0.5) - (F(row) + F(0.5)) / F(rows)) * F(2), F(0)), F(1))
    return packed(FOG_R + t * F(18), FOG_G + t * F(13), FOG_B + t * F(7), F(1), 0)


@inlined
def ground(art_paint, tints, width, height, x, y, shade_):
    """Colour of the floor at a place (m), from the tints of its cells, int32 [width * height]."""
    cx, cy = np.int32(x * F(2)), np.int32(y * F(2))
    cx, cy = min(max(cx, np.int32(0)), np.int32(width - 1)), min(max(cy, np.int32(0)), np.int32(height - 1))
    chequer = (np.int32(x) + np.int32(y)) & np.int32(1)
    tint = tints[np.uint32(cy * np.int32(width) + cx)]  # what has no sign is not looked at for being negative: the loop vectorises
    return art_paint[np.uint32((tint * np.int32(2) + chequer) * np.int32(SHADES) + shade_)]


@inlined
def box_column(art, image, depths, size, k, kind, near, far, face, length):
    """Draw a low box, or lay a pane over what is there, in column ``k``, which enters it at depth ``near`` and leaves it at ``far``."""
    rows = image.shape[0]
    near, far = max(near, NEAREST_M), max(far, NEAREST_M)
    step = shade(near * length)
    if kind == GLASS:
        first, last = int(row_of(size, WALL_TOP_M, near) + F(0.5)), int(row_of(size, F(0), near) + F(0.5))
        colour = art.paint[(FIRST_BOX + GLASS * SIDES + face) * SHADES + step]
        for y in range(max(first, 0), min(last, rows)):
            if near < depths[y, k]:
                image[y, k] = over(image[y, k], colour)
        return
    up = top_of(kind)
    back, edge, foot = row_of(size, up, far), row_of(size, up, near), row_of(size, F(0), near)
    side = art.paint[(FIRST_BOX + kind * SIDES + face) * SHADES + step]
    top = art.paint[(FIRST_BOX + kind * SIDES + TOP) * SHADES + step]
    edge_row = int(edge + F(0.5))
    for y in range(max(int(back + F(0.5)), 0), min(edge_row, rows)):
        there = (EYE_M - up) * size[1] / (F(y) + F(0.5) - F(0.5) * F(rows))
        if there < depths[y, k]:
            image[y, k], depths[y, k] = top, there
    for y in range(max(edge_row, 0), min(int(foot + F(0.5)), rows)):
        if near < depths[y, k]:
            image[y, k], depths[y, k] = side, near


@inlined
def over(behind, pane):
    """A pane of glass over a colour; its number is that of the pane."""
    found = np.uint32(BOX_ID + GLASS) << np.uint32(24)
    for shift in (np.uint32(0), np.uint32(8), np.uint32(16)):
        a, b = F((behind >> shift) & np.uint32(255)), F((pane >> shift) & np.uint32(255))
        found |= np.uint32(a + (b - a) * PANE + F(0.5)) << shift
    return found


@inlined
def body_column(art, image, depths, size, k, across, colour, number, angle, depth, left):
    """Draw the part of a figure that column ``k`` meets, ``across`` m to the right of its middle; ``angle`` says which side it shows."""
    rows = image.shape[0]
    j = int((across / F(HALF_WIDTH_M) + F(1)) * F(0.5 * COLUMNS))
    if j < 0 or j >= COLUMNS:
        return
    head, foot = row_of(size, F(FIGURE_M), depth), row_of(size, F(0), depth)
    scale = F(ROWS) / (foot - head)
    for y in range(max(int(head), 0), min(int(foot) + 1, rows)):
        i = int((F(y) + F(0.5) - head) * scale)
        if 0 <= i < ROWS and depth < depths[y, k]:
            what, light = art.part[angle, i, j], art.light[angle, i, j]
            if what != NONE:
                own, plain = what == OWN, (F(25) if what == BLACK else F(244))
                r = art.people[colour, 0] * light if own else plain
                g = art.people[colour, 1] * light if own else plain
                b = art.people[colour, 2] * light if own else plain
                image[y, k], depths[y, k] = packed(r, g, b, left, AVATAR_ID + number), depth


@inlined
def mark_column(image, depths, size, k, across, thing, depth, left):
    """Draw the part of an upright cylinder that column ``k`` meets, ``across`` m to the right of its middle."""
    bulge = F(1) - across * across / (thing.radius * thing.radius)
    if bulge <= F(0):
        return
    light = F(0.68) + F(0.32) * math.sqrt(bulge)
    colour = packed(F(thing.red) * light, F(thing.green) * light, F(thing.blue) * light, left, MARK_ID)
    first, last = int(row_of(size, thing.z + thing.height, depth) + F(0.5)), int(row_of(size, thing.z, depth) + F(0.5))
    for y in range(max(first, 0), min(last, image.shape[0])):
        if depth < depths[y, k]:
            image[y, k], depths[y, k] = colour, depth


@inlined
def side_shown(ahead, left, turn_cos, turn_sin):
    """Which of the ``ANGLES`` sides a figure shows that stands ``ahead`` and to the ``left`` and looks along (cosine, sine), all as the
    one who looks has it."""
    cosine = turn_cos * ahead + turn_sin * left
    sine = turn_sin * ahead - turn_cos * left
    turns = atan2(sine, cosine) * (F(ANGLES) / TWO_PI) + F(0.5)
    return np.int32(math.floor(turns)) % ANGLES  # CUDA has a floor that returns a float


@inlined
def metres(depth):
    """A depth (m) as it is told: the sky is infinitely far."""
    return depth if depth < FARTHEST_M else F(np.inf)


@inlined
def is_low(kind):
    """Whether one looks over a box of this kind, or through it; else it is cast as a wall."""
    return kind != WALL
