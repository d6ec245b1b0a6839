"""The nearest avatars in line of sight: where they are, where they face, how they move, what they signal."""

import math

import numpy as np

from avatarium.worlds.core.bodies import TOP_SPEED
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.sight import sees
from avatarium.worlds.core.spec import Feature

F = np.float32
NEAREST = 4
RANGE_M = F(10)
COLUMNS = 8
SIZE = NEAREST * COLUMNS
SHOWN = 3
"""Gestures: use, wave, point."""
GESTURES = NEAREST * SHOWN


def features(group_meaning: str, nearest: int = NEAREST) -> tuple[Feature, ...]:
    """The observation table of the sensor; ``group_meaning`` says what the last column, the group, stands for in this world."""
    columns = "present, place ahead and to the left (10 m = 1), facing (cosine, sine), velocity ahead and to the left (1.4 m/s = 1), group"
    which = f"the {nearest} nearest in sight, nearest first, each" if nearest > 1 else "the nearest in sight"
    return (Feature("people", nearest * COLUMNS, -1.1, 1.1, f"{which}: {columns} ({group_meaning})", "people"),)


def gesture_features(nearest: int = NEAREST) -> tuple[Feature, ...]:
    """What the sensor tells about hands, where a world has it told."""
    which = "of the same avatars in the same order, each" if nearest > 1 else "of the same avatar"
    return (Feature("gestures", nearest * SHOWN, 0, 1, f"{which}: uses something, waves, points ahead", "people"),)


@inlined
def look(plan, bodies, i, a, first_of_group, out, nearest=NEAREST):
    """Fill ``out`` [nearest * COLUMNS] for avatar ``a``: avatars within ``RANGE_M`` with no box between, nearest first, then zeros.

    Bodies from index ``first_of_group`` on are one group, the others another; 1 stands for the group that ``a`` is not of. All is told in
    the avatar's own frame. Where ``out`` is longer, [nearest * (COLUMNS + SHOWN)], what their hands do follows.
    """
    tell(bodies, a, find(plan, bodies, i, a, out, nearest), first_of_group, out, nearest)


@inlined
def find(plan, bodies, i, a, out, nearest=NEAREST):
    """Find the avatars that ``look`` tells of; returns how many there are. Until ``tell``, ``seen(out, k)`` says who each of them is."""
    me, found = bodies[a], 0
    for b in range(bodies.shape[0]):
        dx, dy = bodies[b].x - me.x, bodies[b].y - me.y
        d2 = dx * dx + dy * dy
        if (b != a) & (bodies[b].present == 1) & (d2 < RANGE_M * RANGE_M):
            far = found == nearest and d2 >= out[(nearest - 1) * COLUMNS]
            if not far and in_sight(plan, i, me.x, me.y, bodies[b].x, bodies[b].y, F(0)):
                found = insert(out, found, d2, b, nearest)
    return found


@inlined
def look_closely(plan, bodies, i, a, traits, out):
    """Like ``look``, with gestures, where more can be seen of each body: ``traits`` float32 [A, 1 + E].

    The first of them takes the place of the group; ``out`` is [SIZE + GESTURES + NEAREST * E], the others last, avatar by avatar.
    """
    me, gestures, more = bodies[a], out[SIZE : SIZE + GESTURES], out[SIZE + GESTURES :]
    gestures[:], more[:] = F(0), F(0)
    found, extra = find(plan, bodies, i, a, out), traits.shape[1] - 1
    out[found * COLUMNS : SIZE] = F(0)
    for k in range(found):
        b = seen(out, k)
        if bodies[b].gesture > 0:
            gestures[k * SHOWN + bodies[b].gesture - 1] = F(1)
        describe(me, bodies[b], traits[b, 0], out, k * COLUMNS)
        for e in range(extra):
            more[k * extra + e] = traits[b, 1 + e]


@inlined
def recognise(bodies, a, first_of_group, out):
    """What ``look`` gives, from the lines of sight of ``sight.survey``."""
    me, found = bodies[a], 0
    for b in range(bodies.shape[0]):
        if sees(me, b) and bodies[b].present == 1:
            dx, dy = bodies[b].x - me.x, bodies[b].y - me.y
            d2 = dx * dx + dy * dy
            if found < NEAREST or d2 < out[(NEAREST - 1) * COLUMNS]:
                found = insert(out, found, d2, b, NEAREST)
    tell(bodies, a, found, first_of_group, out)


@inlined
def seen(out, k):
    """Index of the ``k``-th avatar that ``find`` has found."""
    return int(out[k * COLUMNS + 1])


@inlined
def tell(bodies, a, found, first_of_group, out, nearest=NEAREST):
    """Fill ``out`` as ``look`` does, once ``find`` has found so many."""
    me, gestures = bodies[a], out[nearest * COLUMNS :]
    gestures[:] = F(0)
    for k in range(nearest):
        if k < found:
            b = seen(out, k)
            if gestures.shape[0] > 0 and bodies[b].gesture > 0:
                gestures[k * SHOWN + bodies[b].gesture - 1] = F(1)
            describe(me, bodies[b], F(1) if (b >= first_of_group) != (a >= first_of_group) else F(0), out, k * COLUMNS)
        else:
            out[k * COLUMNS : (k + 1) * COLUMNS] = F(0)


@kernel
def insert(out, found, d2, b, nearest):
    """Keep the ``nearest`` smallest (squared distance, index) in the first two columns of ``out``, in order; returns how many there are."""
    k = min(found, nearest - 1)
    while k > 0 and out[(k - 1) * COLUMNS] > d2:
        out[k * COLUMNS], out[k * COLUMNS + 1] = out[(k - 1) * COLUMNS], out[(k - 1) * COLUMNS + 1]
        k -= 1
    out[k * COLUMNS], out[k * COLUMNS + 1] = d2, F(b)
    return min(found + 1, nearest)


@inlined
def describe(me, other, group, out, k):
    """Write the columns of one seen avatar from ``out[k]`` on."""
    dx, dy = other.x - me.x, other.y - me.y
    out[k] = F(1)
    out[k + 1] = (dx * me.cos + dy * me.sin) / RANGE_M
    out[k + 2] = (dy * me.cos - dx * me.sin) / RANGE_M
    out[k + 3] = other.cos * me.cos + other.sin * me.sin
    out[k + 4] = other.sin * me.cos - other.cos * me.sin
    out[k + 5] = (other.vx * me.cos + other.vy * me.sin) / TOP_SPEED
    out[k + 6] = (other.vy * me.cos - other.vx * me.sin) / TOP_SPEED
    out[k + 7] = group


@kernel
def gap(me, other):
    """Distance between the centres of two bodies (m)."""
    dx, dy = other.x - me.x, other.y - me.y
    return math.sqrt(dx * dx + dy * dy)
