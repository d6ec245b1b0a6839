"""A fan of rays around an avatar: how far the next thing is, and what it is."""

import math

import numpy as np
from numba import njit

from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.plan import WALL
from avatarium.worlds.core.spec import Feature
from avatarium.worlds.core.trig import atan2

F = np.float32
RAYS = 24
FAN_RAD = F(1.5 * np.pi)
RANGE_M = F(10)
_ANGLES = np.linspace(-0.75 * np.pi, 0.75 * np.pi, RAYS)
COSINES, SINES = np.cos(_ANGLES).astype(F).round(6), np.sin(_ANGLES).astype(F).round(6)
NOTHING, IS_WALL, IS_AVATAR, IS_OBJECT = F(0), F(1), F(2), F(3)

FEATURES = (
    Feature("nearness", RAYS, 0, 1, "of the next thing along each ray, right to left over 270 degrees: 1 = touching, 0 = 10 m or more", "rays"),
    Feature("is_wall", RAYS, 0, 1, "1 where that thing is a wall", "rays"),
    Feature("is_avatar", RAYS, 0, 1, "1 where that thing is an avatar", "rays"),
    Feature("is_object", RAYS, 0, 1, "1 where that thing is furniture or another object", "rays"),
)
SIZE = 4 * RAYS


@njit(cache=True)
def look(plan, bodies, i, a, out):
    """Fill ``out`` [SIZE] with what avatar ``a`` of environment ``i`` sees, as ``FEATURES`` describes.

    Boxes are crossed with all rays at once (slab test, Kay and Kajiya 1986): the inner loops have no branch, so that they vectorise.
    ``out`` serves as scratch on the way: rows distance, kind, 1/dx, 1/dy.
    """
    me = bodies[a]
    distance, kind, inverse_x, inverse_y = out[:RAYS], out[RAYS : 2 * RAYS], out[2 * RAYS : 3 * RAYS], out[3 * RAYS : 4 * RAYS]
    for k in range(RAYS):
        dx, dy = me.cos * COSINES[k] - me.sin * SINES[k], me.sin * COSINES[k] + me.cos * SINES[k]
        inverse_x[k] = F(1) / (dx if abs(dx) > F(1e-6) else F(1e-6))
        inverse_y[k] = F(1) / (dy if abs(dy) > F(1e-6) else F(1e-6))
        distance[k] = RANGE_M
        kind[k] = NOTHING
    boxes = plan.boxes[i]
    for b in range(plan.num_boxes[i]):
        x0, y0, x1, y1 = boxes[0, b] - me.x, boxes[1, b] - me.y, boxes[2, b] - me.x, boxes[3, b] - me.y
        if (x0 < RANGE_M) & (x1 > -RANGE_M) & (y0 < RANGE_M) & (y1 > -RANGE_M):
            cross(x0, y0, x1, y1, IS_WALL if plan.kinds[i, b] == WALL else IS_OBJECT, distance, kind, inverse_x, inverse_y)
    for b in range(bodies.shape[0]):
        if b != a and bodies[b].present == 1:
            see(me, bodies[b], distance, kind)
    for k in range(RAYS):
        what = kind[k]
        out[k] = F(1) - distance[k] / RANGE_M
        out[k + 2 * RAYS] = F(1) if what == IS_AVATAR else F(0)
        out[k + 3 * RAYS] = F(1) if what == IS_OBJECT else F(0)
        out[k + RAYS] = F(1) if what == IS_WALL else F(0)


@njit(cache=True)
def cross(x0, y0, x1, y1, what, distance, kind, inverse_x, inverse_y):
    """Enter one box, given relative to the eye in metres, into all rays that meet it before anything else."""
    for k in range(RAYS):
        tx0, tx1, ty0, ty1 = x0 * inverse_x[k], x1 * inverse_x[k], y0 * inverse_y[k], y1 * inverse_y[k]
        near_x, far_x = (tx0 if tx0 < tx1 else tx1), (tx1 if tx0 < tx1 else tx0)
        near_y, far_y = (ty0 if ty0 < ty1 else ty1), (ty1 if ty0 < ty1 else ty0)
        near, far = (near_x if near_x > near_y else near_y), (far_x if far_x < far_y else far_y)
        hit = (near <= far) & (near > F(0)) & (near < distance[k])
        distance[k] = near if hit else distance[k]
        kind[k] = what if hit else kind[k]


@njit(cache=True)
def see(me, other, distance, kind):
    """Enter a body into the rays whose angles its disc covers: cheaper than crossing every ray with every body."""
    ox, oy = other.x - me.x, other.y - me.y
    d = math.sqrt(ox * ox + oy * oy)
    if d >= RANGE_M:
        return
    angle = atan2(oy * me.cos - ox * me.sin, ox * me.cos + oy * me.sin) + F(0.5) * FAN_RAD
    half, scale = RADIUS_M / d, F(RAYS - 1) / FAN_RAD
    first, last = math.ceil((angle - half) * scale), math.floor((angle + half) * scale)
    nearest = d - RADIUS_M
    for k in range(max(0, int(first)), min(RAYS - 1, int(last)) + 1):
        if nearest < distance[k]:
            distance[k], kind[k] = nearest, IS_AVATAR
