"""Words and gestures: what avatars say and show, and who hears it. Walls stop speech."""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.sight import sees
from avatarium.worlds.core.spec import Feature, Head

F = np.float32
WORDS = 16
"""Words that can be said; what they mean is up to those who speak."""
RANGE_M = F(6)
SPEAKERS = 2
"""How many are heard at a time, the nearest first."""
COLUMNS = 4 + WORDS
SIZE = SPEAKERS * COLUMNS

SAY = Head("say", ("silence", *(f"word_{k}" for k in range(1, WORDS + 1))))
HAND = Head("hand", ("none", "use", "wave", "point"))
NONE, USE, WAVE, POINT = range(4)


def features(speakers: int = SPEAKERS) -> tuple[Feature, ...]:
    """The observation table of the sensor for so many speakers at a time."""
    which = f"the {speakers} nearest that speak" if speakers > 1 else "the nearest that speaks"
    columns = f"present, direction ahead and to the left, nearness (1 = at the same place), which of {WORDS} words"
    return (Feature("heard", speakers * COLUMNS, -1.01, 1.01, f"{which} within 6 m with no wall between, each: {columns}", "hearing"),)


FEATURES = features()


@kernel
def utter(me, word):
    """Let an avatar say a word, 1 to ``WORDS``, until its next step; anything else is silence."""
    me.word = word if 0 < word <= WORDS else 0


@kernel
def gesticulate(me, gesture):
    """Let an avatar's hand do something until its next step; unknown choices do nothing."""
    me.gesture = gesture if NONE < gesture <= POINT else NONE


@inlined
def hear(plan, bodies, i, a, out, speakers=SPEAKERS):
    """Fill ``out`` [speakers * COLUMNS] with what avatar ``a`` hears, as ``features`` describes."""
    me, nearest = bodies[a], F(-1)
    out[: speakers * COLUMNS] = F(0)
    for k in range(speakers):
        best, best_d2 = -1, RANGE_M * RANGE_M
        for b in range(bodies.shape[0]):
            other = bodies[b]
            if b != a and other.present == 1 and other.word != 0:
                dx, dy = other.x - me.x, other.y - me.y
                d2 = dx * dx + dy * dy
                if nearest < d2 < best_d2 and in_sight(plan, i, me.x, me.y, other.x, other.y, F(0)):
                    best, best_d2 = b, d2
        if best < 0:
            return
        nearest = best_d2
        enter(me, bodies[best], best_d2, out, k * COLUMNS)


@inlined
def overhear(bodies, a, first, end, out):
    """What ``hear`` gives of the bodies ``first`` to ``end`` - 1 alone, such as those of a team, from the lines of sight of
    ``sight.survey``."""
    me, nearest = bodies[a], F(-1)
    out[:SIZE] = F(0)
    for k in range(SPEAKERS):
        best, best_d2 = -1, RANGE_M * RANGE_M
        for b in range(first, end):
            other = bodies[b]
            dx, dy = other.x - me.x, other.y - me.y
            d2 = dx * dx + dy * dy
            if (other.word != 0) & (nearest < d2) & (d2 < best_d2) & sees(me, b):
                best, best_d2 = b, d2
        if best < 0:
            return
        nearest = best_d2
        enter(me, bodies[best], best_d2, out, k * COLUMNS)


@kernel
def enter(me, other, d2, out, k):
    """Write the columns of one speaker from ``out[k]`` on."""
    d = F(math.sqrt(d2)) + F(1e-6)
    dx, dy = (other.x - me.x) / d, (other.y - me.y) / d
    out[k] = F(1)
    out[k + 1], out[k + 2] = dx * me.cos + dy * me.sin, dy * me.cos - dx * me.sin
    out[k + 3] = F(1) - min(d / RANGE_M, F(1))
    out[k + 3 + other.word] = F(1)
