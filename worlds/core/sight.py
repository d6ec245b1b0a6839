"""Who sees whom: each line of sight between two avatars is drawn once per step, and whoever asks reads it off.

For worlds in which several senses and rules want to know; ``SIGHT_FIELDS`` belong to an avatar beside those of its body.
"""

import numpy as np

from avatarium.worlds.core.kernels import inlined
from avatarium.worlds.core.plan import in_sight

F = np.float32
RANGE_M = F(10)
SIGHT_FIELDS = [("sees", "u4")]
"""Bit set of the avatars within ``RANGE_M`` that are in sight; nothing for one that is not present."""


@inlined
def survey(plan, bodies, i):
    """Draw the lines of sight between all bodies of environment ``i`` that are present."""
    for a in range(bodies.shape[0]):
        bodies[a].sees = np.uint32(0)
    for a in range(bodies.shape[0]):
        me = bodies[a]
        for b in range(a):
            other = bodies[b]
            dx, dy = other.x - me.x, other.y - me.y
            near = dx * dx + dy * dy < RANGE_M * RANGE_M
            if (me.present == 1) & (other.present == 1) & near and in_sight(plan, i, me.x, me.y, other.x, other.y, F(0)):
                me.sees |= np.uint32(1) << np.uint32(b)
                other.sees |= np.uint32(1) << np.uint32(a)


@inlined
def sees(me, b):
    """Whether body ``b`` was in sight of this one at the last ``survey``."""
    return (me.sees >> np.uint32(b)) & np.uint32(1) != np.uint32(0)


@inlined
def recall(bodies, a):
    """Let body ``a`` see those who saw it when they were as they stand here, instead of at the last ``survey``."""
    me = bodies[a]
    me.sees = np.uint32(0)
    for b in range(bodies.shape[0]):
        if b != a and sees(bodies[b], a):
            me.sees |= np.uint32(1) << np.uint32(b)
