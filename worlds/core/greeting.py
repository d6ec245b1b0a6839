"""Greetings: a wave at somebody who is met for the first time, and whether it is returned in time."""

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.spec import EventKind
from avatarium.worlds.core.speech import WAVE

F = np.float32
FIELDS = [("waving", "u1")]
"""Fields of an avatar beside those of its body: whether it waved in the step before."""
GREETING = np.dtype([("at", "i2"), ("returned", "u1")], align=True)
"""Of one avatar to another: the step at which it greeted, counted from 1 (0 = never), and whether that was returned in time."""
REACH_M = F(4)
"""Between centres; Kendon and Ferber (1973) saw distant salutations from about there."""
AHEAD = F(0.70710678)
"""Cosine of half the angle in which the one greeted has to be."""
ANSWER_STEPS = 30

GREETED = EventKind("greeting", "an avatar (who) waved at another (whom) within 4 m ahead, the first wave between the two")
RETURNED = EventKind("greeting_returned", "an avatar (who) waved back within 3 s at one that had greeted it (whom)", "seconds it took")
NOBODY, FIRST = -1, -1


@inlined
def greet(plan, avatars, greetings, i, a, clock):
    """(whom, waited): whom avatar ``a`` greets by beginning to wave, ``NOBODY`` when it does not.

    ``greetings`` [A, A] are those of environment ``i``. A wave is meant for the nearest avatar ahead and in sight with whom ``a`` has
    exchanged none, but first of all for one whose greeting waits for an answer. ``waited`` is how many steps that one has waited, or
    ``FIRST``.
    """
    me = avatars[a]
    waves = me.gesture == WAVE
    begins, me.waving = waves and me.waving == 0, 1 if waves else 0
    if not begins:
        return NOBODY, FIRST
    whom, best = NOBODY, F(1e6)
    for b in range(avatars.shape[0]):
        other = avatars[b]
        dx, dy = other.x - me.x, other.y - me.y
        d2 = dx * dx + dy * dy
        if b != a and other.present == 1 and open_to(greetings, a, b, clock) and d2 < REACH_M * REACH_M:
            ahead = dx * me.cos + dy * me.sin
            order = d2 if pending(greetings, b, a, clock) else d2 + REACH_M * REACH_M
            within = ahead > F(0) and ahead * ahead > AHEAD * AHEAD * d2
            if within and order < best and in_sight(plan, i, me.x, me.y, other.x, other.y, F(0)):
                whom, best = b, order
    if whom == NOBODY:
        return NOBODY, FIRST
    waited = clock + 1 - greetings[whom, a].at if pending(greetings, whom, a, clock) else FIRST
    greetings[a, whom].at = clock + 1
    if waited != FIRST:
        greetings[whom, a].returned = 1
    return whom, waited


@kernel
def pending(greetings, a, b, clock):
    """Whether avatar ``a`` has greeted ``b`` and still waits for an answer."""
    greeting = greetings[a, b]
    return greeting.at > 0 and greeting.returned == 0 and clock + 1 - greeting.at <= ANSWER_STEPS


@kernel
def exchanged(greetings, a, b):
    """Whether two avatars have greeted one another, one in answer to the other."""
    return greetings[a, b].returned == 1 or greetings[b, a].returned == 1


@kernel
def open_to(greetings, a, b, clock):
    """Whether a wave of ``a`` at ``b`` would count: as the first greeting between the two, or as the answer to one that still waits."""
    return greetings[a, b].at == 0 and (greetings[b, a].at == 0 or pending(greetings, b, a, clock))
