"""Who touches whom, and who comes too near: what becomes an event or a term of the reward."""

import numpy as np

from avatarium.worlds.core.bodies import RADIUS_M
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.people import gap
from avatarium.worlds.core.plan import in_sight
from avatarium.worlds.core.spec import EventKind

F = np.float32
INTIMATE_M = F(0.45) + F(2) * RADIUS_M
"""Between centres: 0.45 m between bodies, the intimate distance of Hall (1966)."""
APART_M = F(0.1)

COLLISION = EventKind("collision", "an avatar (who) walked into another (whom)")
INTRUSION = EventKind("intrusion", "a step of an avatar with another nearer than 0.45 m and no wall between")


@kernel
def contacts(avatars, log, i, a, touched, kind):
    """The bodies that avatar ``a`` is in contact with, as a bit set; an event ``kind`` is noted with each that is new.

    A contact lasts until the bodies are ``APART_M`` apart, so that jostling counts once.
    """
    me, lasting = avatars[a], touched
    for b in range(avatars.shape[0]):
        bit = np.uint32(1) << np.uint32(b)
        before = (me.touching & bit) != np.uint32(0)
        if (touched & bit) != np.uint32(0) and not before:
            emit(log, i, kind, a, b, F(1))
        elif before and gap(me, avatars[b]) < F(2) * RADIUS_M + APART_M:
            lasting |= bit
    return lasting


@inlined
def intruded(plan, avatars, i, a):
    """The first avatar that is nearer to ``a`` than the intimate distance, on the same side of the walls; -1 when there is none."""
    me = avatars[a]
    for b in range(avatars.shape[0]):
        other = avatars[b]
        near = b != a and other.present == 1 and gap(me, other) < INTIMATE_M
        if near and in_sight(plan, i, me.x, me.y, other.x, other.y, F(0)):
            return b
    return -1
