"""Which seed an episode has that follows others: what seeds are mixed by is a bijection, so that it can be worked out."""

import numpy as np

from avatarium.worlds.core.rng import GOLDEN, mix

WORD = 1 << 64
FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Of splitmix64, as in ``rng.scramble``."""


def seed_of(origin: int, count: int) -> int:
    """The seed s by which ``Batch.reset([s])`` begins with episode ``count`` (from 1) of an environment of that ``origin``.

    Both are those of ``episodes.Episodes``; the random streams of an episode depend on ``mix(origin, count)`` alone.
    """
    seed = int(mix(np.uint64(origin), np.uint64(count)))
    return unmix(unmix(seed, 1), 0)


def unmix(seed: int, count: int) -> int:
    """The a for which ``mix(a, count)`` is ``seed``."""
    step = int(GOLDEN)
    return (unscramble(unscramble(seed) ^ (count * step % WORD)) - step) % WORD


def unscramble(z: int) -> int:
    """The number that ``rng.scramble`` makes ``z`` of."""
    first, second = (pow(factor, -1, WORD) for factor in FACTORS)
    return unshift(unshift(unshift(z, 31) * second % WORD, 27) * first % WORD, 30)


def unshift(z: int, bits: int) -> int:
    """The x for which ``x ^ (x >> bits)`` is ``z``.

    >>> x = 0x123456789ABCDEF0
    >>> unshift(x ^ (x >> 27), 27) == x
    True
    """
    found = z
    while z := z >> bits:
        found ^= z
    return found
