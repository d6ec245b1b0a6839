"""Tables that pictures are made from: colours that pale with distance, and how a figure looks from every side."""

import functools
import math
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import colours
from avatarium.worlds.core.eyes.sights import OWNED, ROOM

FOG = (219.0, 227.0, 235.0)
FOG_PER_M = 0.045
SHADES = 128
"""Steps of paling, a quarter of a metre each: 32 m."""
SHADES_PER_M = 4.0

FLOORS = OWNED + len(colours.PEOPLE)
"""Tints of the floor; each has two materials, for the squares of a chequered floor."""
CHEQUER = 0.955
FACES = (0.93, 0.72, 0.82, 0.66, 1.0)
"""Light on the sides of boxes that look to +x, -x, +y and -y, and on tops."""
BOXES = ((colours.WALL, colours.WALL), (colours.GLASS, colours.GLASS), (colours.WOOD, colours.WOOD_TOP),
         (colours.LEAF, colours.LEAF), (colours.SCREEN, colours.SCREEN_TOP))  # fmt: skip
"""Colours of side and top, by kind of box."""
FIRST_BOX = 2 * FLOORS
MATERIALS = FIRST_BOX + len(FACES) * len(BOXES)

SKY_ID, FLOOR_ID, BOX_ID, MARK_ID, AVATAR_ID = 0, 1, 2, 7, 8
"""Numbers of what is seen: boxes by their kind, avatars by their number."""

ANGLES, ROWS, COLUMNS = 32, 64, 32
FIGURE_M, HALF_WIDTH_M = 1.28, 0.32
"""Height of a figure's picture and half of its width."""
NONE, OWN, WHITE, BLACK = range(4)
_BODY = ((0.0, 0.18), (0.035, 0.245), (0.11, 0.262), (0.26, 0.258), (0.46, 0.235), (0.68, 0.19), (0.82, 0.145), (0.88, 0.09), (0.9, 0.0))
_HEAD, _HEAD_M = 0.205, 1.045
_EYES = ((0.062, 0.15, 0.08, 1.075, WHITE), (0.036, 0.192, 0.083, 1.078, BLACK))
"""Radius, place ahead and to the side, height (m), and what it is made of."""


class Art(NamedTuple):
    """What kernels take."""

    paint: np.ndarray  # uint32 [MATERIALS * SHADES]: red, green, blue from the lowest byte up, number of the thing in the highest
    fog: np.ndarray  # float32 [SHADES]: how much of a colour is left
    people: np.ndarray  # float32 [16, 3]
    light: np.ndarray  # float32 [ANGLES, ROWS, COLUMNS]: on a figure seen from its back (0), its left (a quarter on) ...
    part: np.ndarray  # uint8 [ANGLES, ROWS, COLUMNS]: NONE, OWN, WHITE or BLACK


@functools.cache
def art() -> Art:
    """The tables, made once."""
    left = np.exp(-FOG_PER_M * np.arange(SHADES) / SHADES_PER_M).astype(np.float32)
    light, part = _figure()
    return Art(_paint(left).reshape(-1), left, colours.PEOPLE.astype(np.float32), light, part)


def _paint(left: np.ndarray) -> np.ndarray:
    tints = np.array([colours.CORRIDOR, *colours.TINTS, *colours.PEOPLE], np.float32)
    assert len(tints) == FLOORS and len(colours.TINTS) == OWNED - ROOM
    floor = np.stack([tints * CHEQUER, tints], axis=1).reshape(-1, 3)
    boxes = [np.array(top if face == len(FACES) - 1 else side) * FACES[face] for side, top in BOXES for face in range(len(FACES))]
    base = np.concatenate([floor, np.array(boxes)])
    ids = np.array([FLOOR_ID] * len(floor) + [BOX_ID + k for k in range(len(BOXES)) for _ in FACES], np.uint32)
    mixed = np.round(np.array(FOG) + (base[:, None] - FOG) * left[None, :, None]).astype(np.uint32)
    found: np.ndarray = (mixed[..., 0] | mixed[..., 1] << 8 | mixed[..., 2] << 16 | ids[:, None] << 24).astype(np.uint32)
    return found


def _figure() -> tuple[np.ndarray, np.ndarray]:
    """Light and part of a body of revolution with eyes, seen from all sides."""
    z = (FIGURE_M * (1 - (np.arange(ROWS) + 0.5) / ROWS))[:, None]
    right = ((np.arange(COLUMNS) + 0.5) / COLUMNS * 2 - 1)[None] * HALF_WIDTH_M
    height, radius = np.array(_BODY).T
    body = np.interp(z, height, radius, right=0.0)
    head = np.sqrt(np.maximum(_HEAD**2 - (z - _HEAD_M) ** 2, 0.0))
    thick = np.maximum(body, head)
    towards = np.sqrt(np.maximum(thick**2 - right**2, 0.0))
    inside = np.abs(right) < thick
    slope = np.where(head > body, (z - _HEAD_M) / _HEAD, 0.25)
    shade = 0.62 + 0.38 * np.clip(0.35 * right / np.maximum(thick, 1e-6) + 0.55 * towards / np.maximum(thick, 1e-6) + 0.3 * slope, 0, 1)
    light = np.repeat(np.where(inside, shade, 0.0)[None], ANGLES, axis=0).astype(np.float32)
    part = np.repeat(np.where(inside, OWN, NONE)[None], ANGLES, axis=0).astype(np.uint8)
    for angle in range(ANGLES):
        turn = 2 * math.pi * angle / ANGLES  # 0: it looks away, and a quarter turn on it looks to the left
        for size, ahead, side, up, what in _EYES:
            for left in (side, -side):
                across, near = -(math.sin(turn) * ahead + math.cos(turn) * left), math.sin(turn) * left - math.cos(turn) * ahead
                if near > 0.02:
                    round_ = ((right - across) ** 2 + (z - up) ** 2 < size**2) & inside
                    part[angle][round_], light[angle][round_] = what, 1.0
    return light, part
