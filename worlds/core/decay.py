"""e to the power of a negative number in plain float32 arithmetic: libm differs between machines, this does not."""

import numpy as np

from avatarium.worlds.core.kernels import kernel

F = np.float32
LOG2_E = F(1.44269504)
HALVINGS = 40
_POWERS = np.array([2.0**-n for n in range(HALVINGS + 1)], F)


@kernel
def decay(u):
    """exp(-u) for u of 0 or more; relative error below 1e-5 up to u = 27, beyond which it is 0.

    Whole powers of one half come from a table, the rest is the Taylor series of exp on [-ln 2, 0].
    """
    t = max(u, F(0)) * LOG2_E
    if t >= F(HALVINGS):
        return F(0)
    n = int(t)
    x = (F(n) - t) * F(0.69314718)
    rest = F(1) + x * (F(1) + x * (F(0.5) + x * (F(1 / 6) + x * (F(1 / 24) + x * (F(1 / 120) + x * (F(1 / 720) + x * F(1 / 5040)))))))
    return rest * _POWERS[n]
