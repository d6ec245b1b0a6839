"""Who looks at what: exhibits in sight and attended to, seen for the first time, faces discovered, gazes followed, interest."""

import math

import numpy as np

from avatarium.worlds.core.decay import decay
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight, in_view
from avatarium.worlds.museum.exhibits import FACE, FACE_COUNT, LOOP, NOISE, WORK
from avatarium.worlds.museum.state import LONG_ENOUGH, OPEN, SHOWCASE

F, U = np.float32, np.uint32
SIGHT_M = F(8)
FIELD_COS = F(-0.70710678)
"""Cosine of half the field of view, 135 degrees to either side, which is that of the rays."""
NEAR_M = F(2)
FACING_COS = F(0.70710678)
"""An exhibit is attended to from within ``NEAR_M`` and less than 45 degrees aside."""
HALF_DIAGONAL_M = F(0.29)
"""Of a pedestal and a bit: its own box does not hide an exhibit."""
SOON = 100
"""Steps within which looking at what another looked at counts as following its gaze."""
GAZE_M = F(10)
INTEREST_M = F(3)
"""Distance over which interest fades, d0 in the level of interest."""


@inlined
def bit(k):
    """The set of ``k`` alone."""
    return U(1) << U(k)


@inlined
def visible(plan, i, x, y, exhibit):
    """Whether an exhibit can be seen from (x, y): nothing but glass in between, and its own pedestal."""
    dx, dy = exhibit.x - x, exhibit.y - y
    d = math.sqrt(dx * dx + dy * dy)
    if d <= HALF_DIAGONAL_M:
        return True
    share = F(1) - HALF_DIAGONAL_M / d
    return in_view(plan, i, x, y, x + dx * share, y + dy * share)


@inlined
def look(state, i, a, reach, field):
    """Note what avatar ``a`` has in sight, up to ``reach`` (m) and to a cosine ``field``, and what of it it attends to."""
    me, sight, attends = state.avatars[i, a], U(0), U(0)
    exhibits = state.exhibits[i]
    for e in range(state.num_exhibits[i]):
        dx, dy = exhibits[e].x - me.x, exhibits[e].y - me.y
        d2 = dx * dx + dy * dy
        if d2 < reach * reach:
            ahead, d = dx * me.cos + dy * me.sin, math.sqrt(d2)
            if ahead > field * d and visible(state.plan, i, me.x, me.y, exhibits[e]):
                sight |= bit(e)
                if d2 < NEAR_M * NEAR_M and ahead > FACING_COS * d:
                    attends |= bit(e)
    me.sight, me.attends = sight, attends


@inlined
def attention(state, i, a, e):
    """How much attention avatar ``a`` gives exhibit ``e``, if it sees it: max(0, cos angle) exp(-(d / d0)^2)."""
    me, exhibit = state.avatars[i, a], state.exhibits[i, e]
    dx, dy = exhibit.x - me.x, exhibit.y - me.y
    d2 = dx * dx + dy * dy
    cosine = (dx * me.cos + dy * me.sin) / (math.sqrt(d2) + F(1e-6))
    return max(cosine, F(0)) * decay(d2 / (INTEREST_M * INTEREST_M))


@kernel
def liking(state, i, a, e):
    """Planted interest of avatar ``a`` in exhibit ``e``, in [0, 1]: the product of taste and theme."""
    total = F(0)
    for k in range(state.themes.shape[2]):
        total += state.tastes[i, a, k] * state.themes[i, e, k]
    return total


@inlined
def grow_interest(state, i, a):
    """Let avatar ``a``'s level of interest, 1 - exp(-attention / reading time), rise by what it has in sight."""
    me, gain = state.avatars[i, a], F(0)
    for e in range(state.num_exhibits[i]):
        if (me.sight & bit(e)) != U(0):
            u = attention(state, i, a, e) * F(0.1) / state.exhibits[i, e].reading_s
            rise = (F(1) - state.interest[i, a, e]) * u * (F(1) - u * (F(0.5) - u * F(1 / 6)))
            state.interest[i, a, e] += rise
            gain += rise * liking(state, i, a, e)
    me.gain = gain


@kernel
def number(state, i, hidden):
    """How many exhibits there are in the open rooms, or (``hidden``) in wing and vault."""
    total = 0
    for e in range(state.num_exhibits[i]):
        where = state.exhibits[i, e].where
        total += 1 if (where == OPEN) != hidden and where != SHOWCASE else 0
    return max(total, 1)


@kernel
def further_faces(state, i):
    """How many faces the machines have beyond one each."""
    total = 0
    for e in range(state.num_exhibits[i]):
        total += FACE_COUNT[state.exhibits[i, e].kind] - 1
    return max(total, 1)


@inlined
def regard(state, episodes, log, i, a, before, kinds):
    """Note what avatar ``a``'s attention leads to, where ``before`` is what it attended to in the last step.

    ``kinds`` are the numbers of the events seen, seen_hidden, discovered, watched, looped and gaze_followed. Returns how many exhibits
    and how many faces are new to it.
    """
    me, news, faces, watched, looped = state.avatars[i, a], 0, 0, False, False
    for e in range(state.num_exhibits[i]):
        if (me.attends & bit(e)) != U(0):
            kind = state.exhibits[i, e].kind
            watched, looped = watched or kind == NOISE, looped or kind == LOOP
            if (before & bit(e)) == U(0):
                follow(state, episodes, log, i, a, e, kinds[5])
            state.gazing[i, a, e] = min(state.gazing[i, a, e] + 1, 255)
            if state.gazing[i, a, e] == LONG_ENOUGH and (me.seen & bit(e)) == U(0):
                me.seen |= bit(e)
                news += first_sight(state, log, i, a, e, kinds)
            if WORK < kind < NOISE:
                faces += new_face(state, log, i, a, e, kinds[2])
        elif (before & bit(e)) != U(0):
            state.gazing[i, a, e] = 0
    if watched:
        emit(log, i, kinds[3], a, -1, F(1))
    if looped:
        emit(log, i, kinds[4], a, -1, F(1))
    return news, faces


@kernel
def first_sight(state, log, i, a, e, kinds):
    """Note that avatar ``a`` has seen exhibit ``e``; returns 1, or 0 for one behind glass, which counts for nothing."""
    where = state.exhibits[i, e].where
    if where == SHOWCASE:
        return 0
    hidden = where != OPEN
    emit(log, i, kinds[1] if hidden else kinds[0], a, -1, F(1) / F(number(state, i, hidden)))
    return 1


@kernel
def new_face(state, log, i, a, e, kind):
    """Note the face of a machine that avatar ``a`` attends to; returns whether it is new to it and not the first one, as 0 or 1."""
    mine = state.faces[i, a]
    shown = np.uint8(1 << FACE[state.exhibits[i, e].kind, state.settings[i, e]])
    known = mine[e]
    if (known & shown) != 0:
        return 0
    mine[e] = known | shown
    if known == 0:
        return 0
    emit(log, i, kind, a, -1, F(1) / F(further_faces(state, i)))
    return 1


@kernel
def follow(state, episodes, log, i, a, e, kind):
    """Avatar ``a`` begins to attend to exhibit ``e``: note it when it has just seen somebody else do so."""
    me = state.avatars[i, a]
    open_cue = (me.cued & bit(e)) != U(0) and (me.followed & bit(e)) == U(0) and (me.seen & bit(e)) == U(0)
    since = episodes.clock[i] - state.cue[i, a, e]
    if open_cue and since <= SOON:
        me.followed |= bit(e)
        emit(log, i, kind, a, -1, F(since) * F(0.1))


@inlined
def take_cues(state, episodes, log, i, a, kind):
    """Note, once for each exhibit, that avatar ``a`` sees somebody look at it: one that it has not seen and does not look at itself."""
    avatars, me = state.avatars[i], state.avatars[i, a]
    for b in range(avatars.shape[0]):
        other = avatars[b]
        fresh = other.attends & ~(me.seen | me.cued | me.attends)
        if b != a and fresh != U(0) and other.room == me.room:
            dx, dy = other.x - me.x, other.y - me.y
            d = math.sqrt(dx * dx + dy * dy)
            if d < GAZE_M and dx * me.cos + dy * me.sin > FIELD_COS * d and in_sight(state.plan, i, me.x, me.y, other.x, other.y, F(0)):
                for e in range(state.num_exhibits[i]):
                    if (fresh & bit(e)) != U(0):
                        me.cued |= bit(e)
                        state.cue[i, a, e] = episodes.clock[i]
                        emit(log, i, kind, a, b, F(1))
