"""What an avatar feels close by with its whiskers: how near the next wall or other box is, all around."""

import math

import numpy as np

from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.kernels import inlined
from avatarium.worlds.core.polar import COS, SECTORS, SIN, sector
from avatarium.worlds.core.spec import Feature

F = np.float32
SIZE = SECTORS
REACH_M = F(2)

FEATURES = (
    Feature(
        "whiskers",
        SIZE,
        0,
        1,
        f"of each box within 2 m the point that is next to the body, in one of {SIZE} sectors, counter-clockwise from the one ahead: "
        "1 = touching, 0 = 2 m away or nothing",
        "whiskers",
    ),
)


@inlined
def feel(plan, i, me, out):
    """Fill ``out`` [SIZE] for an avatar, as ``FEATURES`` describes."""
    out[:SIZE] = F(0)
    boxes, reach = plan.boxes[i], REACH_M + RADIUS_M
    c, s = me.cos * COS + me.sin * SIN, me.sin * COS - me.cos * SIN
    for b in range(plan.num_boxes[i]):
        dx = min(max(me.x, boxes[0, b]), boxes[2, b]) - me.x
        dy = min(max(me.y, boxes[1, b]), boxes[3, b]) - me.y
        d2 = dx * dx + dy * dy
        if d2 < reach * reach:
            k = sector(dx * c + dy * s, dy * c - dx * s)
            out[k] = max(out[k], min(F(1) - (math.sqrt(d2) - RADIUS_M) / REACH_M, F(1)))
