"""F-formations: who stands with whom. People who talk stand around a space that all of them face and nobody enters (Kendon 1990)."""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight

F = np.float32
FIELDS = [("formation", "i2")]
"""Fields of an avatar beside those of its body: the number of the formation in which it stands, or ``NONE``."""
FORMATION = np.dtype([("members", "u4"), ("size", "i4"), ("age", "i4"), ("x", "f4"), ("y", "f4")], align=True)
"""Bit set of avatars and how many there are (0 = no formation), steps since it began, its centre (m)."""
NONE = -1
LARGEST = 4
NEAR_M = F(1.0)
"""From the centre, at most: two who talk are at most 1.5 m apart, body to body."""
INNER_M = F(0.2)
"""From the centre, at least: nobody stands in the midst of the others."""
FACING = F(0.70710678)
"""Cosine of 45 degrees: how far from the centre one may look."""
SLOW = F(0.8)
"""m/s: whoever walks faster passes by and joins nobody."""


def allocate(num_envs: int, avatars: int) -> np.ndarray:
    """No formations: FORMATION [N, F], with room for everybody to stand in pairs."""
    return np.zeros((num_envs, max(avatars // 2, 1)), FORMATION)


@kernel
def disband(avatars, formations):
    """Begin with nobody in any formation."""
    for g in range(formations.shape[0]):
        formations[g].members, formations[g].size, formations[g].age = np.uint32(0), 0, 0
    for a in range(avatars.shape[0]):
        avatars[a].formation = NONE


@inlined
def reform(plan, avatars, formations, i, first):
    """Bring the formations [F] of environment ``i`` up to date after everybody has moved; who is asked first is ``first``.

    Whoever stands beyond ``NEAR_M`` of the centre or within ``INNER_M``, does not face it, or no longer sees it, drops out, the worst
    misfit first. Then whoever stands alone joins the nearest formation in which all fit with the newcomer, or faces another one alone.
    """
    for g in range(formations.shape[0]):
        if formations[g].size > 0:
            formations[g].age += 1
            shrink(plan, avatars, formations[g], i)
    for k in range(avatars.shape[0]):
        a = (k + first) % avatars.shape[0]
        if free(avatars[a]) and not join(plan, avatars, formations, i, a):
            pair(plan, avatars, formations, i, a)


@inlined
def holds(formation, a):
    """Whether avatar ``a`` is a member."""
    return (formation.members >> np.uint32(a)) & np.uint32(1) != np.uint32(0)


@inlined
def free(me):
    """Whether an avatar might enter a formation: it is there, in none, and does not hurry."""
    return (me.present == 1) & (me.formation == NONE) & (me.vx * me.vx + me.vy * me.vy <= SLOW * SLOW)


@kernel
def fits(me, x, y):
    """Whether an avatar stands at the right distance from the centre (x, y) and faces it."""
    dx, dy = x - me.x, y - me.y
    d2, ahead = dx * dx + dy * dy, dx * me.cos + dy * me.sin
    return (d2 <= NEAR_M * NEAR_M) & (d2 >= INNER_M * INNER_M) & (ahead > F(0)) & (ahead * ahead >= FACING * FACING * d2)


@kernel
def recentre(avatars, formation):
    """Put the centre in the middle of the members."""
    x, y = F(0), F(0)
    for a in range(avatars.shape[0]):
        if holds(formation, a):
            x += avatars[a].x
            y += avatars[a].y
    formation.x, formation.y = x / F(formation.size), y / F(formation.size)


@inlined
def shrink(plan, avatars, formation, i):
    """Drop members until all that are left fit; one alone is no formation."""
    while formation.size > 0:
        recentre(avatars, formation)
        worst = misfit(plan, avatars, formation, i)
        if worst == NONE:
            return
        drop(avatars, formation, worst)


@inlined
def misfit(plan, avatars, formation, i):
    """The member that fits least; ``NONE`` when all do."""
    worst, most = NONE, F(0)
    for a in range(avatars.shape[0]):
        if holds(formation, a):
            me = avatars[a]
            if me.present == 0:
                return a
            if not fits(me, formation.x, formation.y) or not in_sight(plan, i, me.x, me.y, formation.x, formation.y, F(0)):
                dx, dy = formation.x - me.x, formation.y - me.y
                d = math.sqrt(dx * dx + dy * dy) + F(1e-6)
                amiss = F(3) + d if d > NEAR_M or d < INNER_M else F(2) - (dx * me.cos + dy * me.sin) / d
                worst, most = (a, amiss) if amiss > most else (worst, most)
    return worst


@kernel
def drop(avatars, formation, a):
    """Take a member out; the last one goes with it."""
    formation.members &= ~(np.uint32(1) << np.uint32(a))
    formation.size -= 1
    avatars[a].formation = NONE
    if formation.size == 1:
        for b in range(avatars.shape[0]):
            if holds(formation, b):
                avatars[b].formation = NONE
        formation.members, formation.size, formation.age = np.uint32(0), 0, 0


@kernel
def admit(avatars, formation, g, a):
    """Take avatar ``a`` into formation number ``g``."""
    formation.members |= np.uint32(1) << np.uint32(a)
    formation.size += 1
    avatars[a].formation = g


@inlined
def join(plan, avatars, formations, i, a):
    """Let ``a`` enter the nearest formation in which everybody fits with it; returns whether there was one."""
    me, best, best_d2 = avatars[a], NONE, F(4) * NEAR_M * NEAR_M
    for g in range(formations.shape[0]):
        formation = formations[g]
        if 0 < formation.size < LARGEST:
            dx, dy = formation.x - me.x, formation.y - me.y
            d2 = dx * dx + dy * dy
            if d2 < best_d2 and fits_with(plan, avatars, formation, i, a):
                best, best_d2 = g, d2
    if best != NONE:
        admit(avatars, formations[best], best, a)
        recentre(avatars, formations[best])
    return best != NONE


@inlined
def fits_with(plan, avatars, formation, i, a):
    """Whether everybody would fit in a formation if ``a`` were in it."""
    me, others, all_of = avatars[a], F(formation.size), F(formation.size + 1)
    x, y = (formation.x * others + me.x) / all_of, (formation.y * others + me.y) / all_of
    if not fits(me, x, y) or not in_sight(plan, i, me.x, me.y, x, y, F(0)):
        return False
    fit = True
    for b in range(avatars.shape[0]):
        fit = fit and (not holds(formation, b) or fits(avatars[b], x, y))
    return fit


@inlined
def pair(plan, avatars, formations, i, a):
    """Begin a formation of ``a`` and the nearest one alone that faces it and is faced by it, if there is one."""
    me, best, best_d2 = avatars[a], NONE, F(4) * NEAR_M * NEAR_M
    for b in range(avatars.shape[0]):
        other = avatars[b]
        dx, dy = other.x - me.x, other.y - me.y
        d2 = dx * dx + dy * dy
        if b != a and d2 <= best_d2 and free(other):
            x, y = F(0.5) * (me.x + other.x), F(0.5) * (me.y + other.y)
            if fits(me, x, y) and fits(other, x, y) and in_sight(plan, i, me.x, me.y, other.x, other.y, F(0)):
                best, best_d2 = b, d2
    if best == NONE:
        return
    for g in range(formations.shape[0]):
        if formations[g].size == 0:
            formations[g].age = 0
            admit(avatars, formations[g], g, a)
            admit(avatars, formations[g], g, best)
            recentre(avatars, formations[g])
            return


@kernel
def left_out(avatars, formations, a):
    """Number of a formation at whose edge ``a`` stands, facing its centre from within twice ``NEAR_M``, in none itself; or ``NONE``."""
    me = avatars[a]
    if me.formation != NONE:
        return NONE
    for g in range(formations.shape[0]):
        if formations[g].size > 0:
            dx, dy = formations[g].x - me.x, formations[g].y - me.y
            d2, ahead = dx * dx + dy * dy, dx * me.cos + dy * me.sin
            if d2 <= F(4) * NEAR_M * NEAR_M and ahead > F(0) and ahead * ahead >= FACING * FACING * d2:
                return g
    return NONE


@kernel
def quality(avatars, formation, a):
    """How well member ``a`` keeps the common space, 0 to 1: how squarely it faces the centre, times how evenly all stand around it.

    The first is 1 when it looks at the centre and 0 at 45 degrees; the second is its distance from the centre over the mean distance of
    all members, or the inverse, whichever is at most 1.
    """
    mean, mine, facing = F(0), F(0), F(0)
    for b in range(avatars.shape[0]):
        if holds(formation, b):
            dx, dy = formation.x - avatars[b].x, formation.y - avatars[b].y
            d = math.sqrt(dx * dx + dy * dy) + F(1e-6)
            mean += d / F(formation.size)
            if b == a:
                mine, facing = d, (dx * avatars[b].cos + dy * avatars[b].sin) / d
    square = min(max((facing - FACING) / (F(1) - FACING), F(0)), F(1))
    return square * (mine / mean if mine < mean else mean / mine)
