"""Counter-based random numbers for kernels: splitmix64 streams (Steele, Lea and Flood 2014), one per environment and purpose."""

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)

LEVEL, RULES, SENSES, PEOPLE = 0, 1, 2, 3
PURPOSES = 4
"""What a stream is for; each environment has one stream per purpose, so that none disturbs another."""


@inlined
def scramble(z):
    """The finaliser of splitmix64: a bijection of 64 bits in which every bit of the input moves every bit of the output."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def mix(a, b):
    """One uint64 from two: a seed of its own for every pair."""
    return scramble(scramble(np.uint64(a) + GOLDEN) ^ (np.uint64(b) * GOLDEN))


@kernel
def next_u64(stream, i, purpose):
    """Advance a stream of ``stream`` [N, PURPOSES, uint64] and return 64 random bits."""
    z = stream[i, purpose] + GOLDEN
    stream[i, purpose] = z
    return scramble(z)


@kernel
def uniform(stream, i, purpose):
    """A float32 in [0, 1) with 24 random bits."""
    return np.float32(next_u64(stream, i, purpose) >> np.uint64(40)) * np.float32(1.0 / (1 << 24))


@kernel
def below(stream, i, purpose, n):
    """An integer in [0, n); n is small, so the bias of the remainder is below 2**-31."""
    return np.int64(next_u64(stream, i, purpose) >> np.uint64(33)) % n


@kernel
def between(stream, i, purpose, low, high):
    """An integer in [low, high]."""
    return low + below(stream, i, purpose, high - low + 1)
