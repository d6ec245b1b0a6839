"""A fan of rays around an avatar: how far the next thing is, and what it is."""

import math

import numpy as np

from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.kernels import inlined
from avatarium.worlds.core.plan import WALL
from avatarium.worlds.core.spec import Feature

F = np.float32
RAYS = 24
FAN_RAD = F(1.5 * np.pi)
RANGE_M = F(10)
_ANGLES = np.linspace(-0.75 * np.pi, 0.75 * np.pi, RAYS)
COSINES, SINES = np.cos(_ANGLES).astype(F).round(6), np.sin(_ANGLES).astype(F).round(6)
NOTHING, IS_WALL, IS_AVATAR, IS_OBJECT = F(0), F(1), F(2), F(3)

FEATURES = (
    Feature(
        "nearness", RAYS, 0, 1, "of the next thing along each ray, right to left over 270 degrees: 1 = touching, 0 = 10 m or more", "rays"
    ),
    Feature("is_wall", RAYS, 0, 1, "1 where that thing is a wall", "rays"),
    Feature("is_avatar", RAYS, 0, 1, "1 where that thing is an avatar", "rays"),
    Feature("is_object", RAYS, 0, 1, "1 where that thing is furniture or another object", "rays"),
)
SIZE = 4 * RAYS


@inlined
def look(plan, bodies, i, a, out):
    """Fill ``out`` [SIZE] with what avatar ``a`` of environment ``i`` sees, as ``FEATURES`` describes.

    Each box and each body is crossed with all rays at once: the inner loops have no branch, so that they vectorise.
    ``out`` serves as scratch on the way: rows distance, kind, 1/dx, 1/dy.
    """
    me = bodies[a]
    x, y, c, s = me.x, me.y, me.cos, me.sin
    distance, kind, inverse_x, inverse_y = out[:RAYS], out[RAYS : 2 * RAYS], out[2 * RAYS : 3 * RAYS], out[3 * RAYS : 4 * RAYS]
    for k in range(RAYS):
        inverse_x[k] = F(1) / (c * COSINES[k] - s * SINES[k])
        inverse_y[k] = F(1) / (s * COSINES[k] + c * SINES[k])
        distance[k] = RANGE_M
        kind[k] = NOTHING
    boxes = plan.boxes[i]
    for b in range(plan.num_boxes[i]):
        x0, y0, x1, y1 = boxes[0, b] - x, boxes[1, b] - y, boxes[2, b] - x, boxes[3, b] - y
        if (x0 < RANGE_M) & (x1 > -RANGE_M) & (y0 < RANGE_M) & (y1 > -RANGE_M):
            cross_box(x0, y0, x1, y1, IS_WALL if plan.kinds[i, b] == WALL else IS_OBJECT, distance, kind, inverse_x, inverse_y)
    for b in range(bodies.shape[0]):
        other = bodies[b]
        ox, oy = other.x - x, other.y - y
        if (b != a) & (other.present == 1) & (ox * ox + oy * oy < RANGE_M * RANGE_M):
            cross_body(ox * c + oy * s, oy * c - ox * s, distance, kind)
    for k in range(RAYS):
        what = kind[k]
        out[k] = F(1) - distance[k] * (F(1) / RANGE_M)
        out[k + 2 * RAYS] = F(1) if what == IS_AVATAR else F(0)
        out[k + 3 * RAYS] = F(1) if what == IS_OBJECT else F(0)
        out[k + RAYS] = F(1) if what == IS_WALL else F(0)


@inlined
def cross_box(x0, y0, x1, y1, what, distance, kind, inverse_x, inverse_y):
    """Enter one box, given relative to the eye in metres, into all rays that meet it first (slab test, Kay and Kajiya 1986).

    A ray along an axis has an infinite inverse; a comparison with the not-a-number that 0 times infinity gives is false: no hit.
    """
    for k in range(RAYS):
        tx0, tx1, ty0, ty1 = x0 * inverse_x[k], x1 * inverse_x[k], y0 * inverse_y[k], y1 * inverse_y[k]
        near_x, far_x = (tx0 if tx0 < tx1 else tx1), (tx1 if tx0 < tx1 else tx0)
        near_y, far_y = (ty0 if ty0 < ty1 else ty1), (ty1 if ty0 < ty1 else ty0)
        near, far = (near_x if near_x > near_y else near_y), (far_x if far_x < far_y else far_y)
        before = distance[k]
        hit = (near <= far) & (near > F(0)) & (near < before)
        distance[k] = near if hit else before
        kind[k] = what if hit else kind[k]


@inlined
def cross_body(ahead, left, distance, kind):
    """Enter one body, given in the eye's own frame in metres, into all rays that meet its disc first."""
    beyond = ahead * ahead + left * left - RADIUS_M * RADIUS_M
    for k in range(RAYS):
        along = ahead * COSINES[k] + left * SINES[k]
        under = along * along - beyond
        near = along - math.sqrt(under if under > F(0) else F(0))
        before = distance[k]
        hit = (under > F(0)) & (along > F(0)) & (near < before)
        distance[k] = near if hit else before
        kind[k] = IS_AVATAR if hit else kind[k]
