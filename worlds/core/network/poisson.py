"""Poisson variates by table: Walker's alias method (1977), one lookup and one comparison for each."""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined

COLUMNS, WHOLE = 256, 1 << 16
COLUMN = np.dtype([("share", "u4"), ("own", "f4"), ("other", "f4")], align=True)
"""One of ``COLUMNS`` equally likely columns: its own value has ``share`` of ``WHOLE``, another value the rest."""
SIGMAS = 7.5


def table(mean: float) -> np.ndarray:
    """COLUMN [COLUMNS]: max(Poisson(mean), 1). Exact to 16 bits up to a mean of 280; beyond it, neighbouring values are lumped together.

    Only +, *, / and sqrt are used, which are the same on every machine.
    """
    low, weights = _weights(mean)
    lump = -(-len(weights) // COLUMNS)
    values, odds = [], []
    for k in range(0, len(weights), lump):
        part = weights[k : k + lump]
        values.append(max(low + k + (len(part) - 1) // 2, 1))
        odds.append(sum(part))
    return _columns(values, odds)


def _weights(mean: float) -> tuple[int, list[float]]:
    """The lowest value, and how likely it and each one above are in proportion, from the mode outwards."""
    reach, mode = math.ceil(SIGMAS * math.sqrt(mean)) + 4, int(mean)
    down, up = [1.0], [1.0]
    for k in range(mode, max(mode - reach, 0), -1):
        down.append(down[-1] * k / mean)
    for k in range(mode + 1, mode + reach + 1):
        up.append(up[-1] * mean / k)
    return mode - len(down) + 1, [*reversed(down), *up[1:]]


def _columns(values: list[int], odds: list[float]) -> np.ndarray:
    """Vose's way (1991) to fill the columns."""
    found = np.zeros(COLUMNS, COLUMN)
    total = sum(odds)
    left = [odd * COLUMNS / total for odd in odds] + [0.0] * (COLUMNS - len(odds))
    known = values + [values[-1]] * (COLUMNS - len(values))
    small, large = [k for k in range(COLUMNS) if left[k] < 1], [k for k in range(COLUMNS) if left[k] >= 1]
    while small and large:
        k, rich = small.pop(), large[-1]
        found[k] = round(left[k] * WHOLE), known[k], known[rich]
        left[rich] -= 1.0 - left[k]
        if left[rich] < 1:
            small.append(large.pop())
    for k in (*small, *large):
        found[k] = WHOLE, known[k], known[k]
    return found


@inlined
def drawn(tables, i, row, bits):
    """A variate, float32, from the lowest 24 of random ``bits`` (uint64) by ``tables`` COLUMN [N, rows, COLUMNS]."""
    column = tables[i, row, np.int64((bits >> np.uint64(16)) & np.uint64(COLUMNS - 1))]
    return column.own if np.uint32(bits & np.uint64(WHOLE - 1)) < column.share else column.other
