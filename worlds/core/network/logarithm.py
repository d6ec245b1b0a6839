"""Logarithms in plain float32 arithmetic: libm differs between machines, these do not."""

import numpy as np

from avatarium.worlds.core.kernels import inlined

F = np.float32
MANTISSA, ONE = np.int32(0x007FFFFF), np.int32(0x3F800000)
ROOT = F(2**0.5)
SCALE = F(2 / np.log(2))
LN2 = F(np.log(2))


@inlined
def log2(x):
    """Logarithm to base 2 of a positive float32 that is not subnormal; error below 4e-7 + 1e-7 of the result (series of atanh)."""
    bits = np.float32(x).view(np.int32)
    exponent = F((bits >> np.int32(23)) - np.int32(127))
    m = np.int32((bits & MANTISSA) | ONE).view(np.float32)
    if m > ROOT:
        m *= F(0.5)
        exponent += F(1)
    z = (m - F(1)) / (m + F(1))
    s = z * z
    return exponent + SCALE * z * (F(1) + s * (F(1 / 3) + s * (F(1 / 5) + s * F(1 / 7))))


@inlined
def log1p(x):
    """Natural logarithm of 1 + x for x >= 0, with the error of ``log2``."""
    return log2(F(1) + x) * LN2
