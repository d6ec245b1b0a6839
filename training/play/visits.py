"""How often avatars have been where they are: the memory behind bonuses that count."""

from functools import lru_cache

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import GOLDEN, scramble

CAPACITY = 2048
"""Places that an environment remembers unless told otherwise: 2.5 MB for 32 environments of 8 avatars."""
SEARCH = 64
"""Entries that are looked at before a place counts as having found none free."""


class VisitCounter:
    """Visits of every avatar to every place of its environment, within episodes or, with ``lifetime``, for good.

    Each environment has a table of ``capacity`` places (rounded up to a power of two). A place that finds no free entry near the one its
    hash points to shares that one with whatever is there. So counts are exact until a table is nearly full; from then on they may be too
    high, never too low: what was known does not become new again, and endless new places (a screen of noise, hashed) pay less and less.

    Counting for good makes sense where a place means the same in every episode. Counts are not saved: a run that is resumed counts anew.
    """

    def __init__(self, num_envs: int, avatars: int, lifetime: bool, capacity: int = CAPACITY) -> None:
        size = 1 << max(capacity - 1, 0).bit_length()
        self.lifetime = lifetime
        self._places = np.zeros((num_envs, size), np.int64)
        self._used = np.zeros((num_envs, size), np.bool_)
        self._counts = np.zeros((num_envs, size, avatars), np.int32)
        self._entries = np.zeros(avatars, np.int64)  # room for the kernel to work in

    def arrive(self, places: np.ndarray, present: np.ndarray) -> np.ndarray:
        """Count one visit for every avatar ``present`` (bool [N, A]) to where it is (``places`` int64 [N, A], any numbers).

        Returns float32 [N, A, A]: in row i, avatar a, column m the visits of avatar m to the place of a, all of this step's arrivals
        included; 0 for avatars a that are absent.
        """
        visits = np.zeros((*places.shape, places.shape[1]), np.float32)
        places, present = np.ascontiguousarray(places, np.int64), np.ascontiguousarray(present, np.bool_)
        _arrive(self._places, self._used, self._counts, self._entries, places, present, visits)
        return visits

    def forget(self, which: np.ndarray) -> None:
        """Begin counting anew in the environments where ``which`` (bool [N]) is set; nothing happens to counts of a lifetime."""
        if not self.lifetime:
            _forget(self._used, self._counts, np.ascontiguousarray(which, np.bool_))


@kernel
def _arrive(known, used, counts, entries, places, present, visits):
    """Count the arrivals of all environments and fill ``visits``; see ``VisitCounter.arrive``."""
    avatars = places.shape[1]
    for i in range(places.shape[0]):
        for a in range(avatars):
            if present[i, a]:
                entries[a] = _entry(known[i], used[i], places[i, a])
                counts[i, entries[a], a] += 1
        for a in range(avatars):
            if present[i, a]:
                for m in range(avatars):
                    visits[i, a, m] = np.float32(counts[i, entries[a], m])


@kernel
def _entry(known, used, place):
    """Index of the entry of ``place``, which takes a free one if it is new."""
    last = known.shape[0] - 1
    home = np.int64(scramble(np.uint64(place) + GOLDEN) & np.uint64(last))
    for k in range(min(SEARCH, last + 1)):
        entry = (home + k) & last
        if not used[entry]:
            used[entry] = True
            known[entry] = place
            return entry
        if known[entry] == place:
            return entry
    return home


@kernel
def _forget(used, counts, which):
    """Empty the tables of the environments where ``which`` is set."""
    for i in range(which.shape[0]):
        if which[i]:
            for entry in range(used.shape[1]):
                if used[i, entry]:
                    used[i, entry] = False
                    counts[i, entry, :] = 0


def hashed_places(observations: np.ndarray, key: int, bits: int = 16) -> np.ndarray:
    """Places for worlds that have none: int64 [R], equal where ``observations`` (float32 [R, D]) point in much the same direction.

    This is SimHash (Charikar 2002), as Tang et al. 2017 (https://arxiv.org/abs/1611.04717) use it to count: on which side of ``bits`` (1 to
    64) random planes through the origin an observation lies. More bits make smaller places. ``key`` fixes the planes. What hashes alike is
    decided by angles at the origin, so shift observations first such that it lies amid them, and always by the same amount.
    """
    sides = np.zeros((len(observations), 64), np.bool_)
    np.greater(observations @ _planes(observations.shape[1], key, bits), 0.0, out=sides[:, :bits])
    return np.packbits(sides, axis=1, bitorder="little").view("<i8")[:, 0].astype(np.int64)


@lru_cache(maxsize=8)
def _planes(size: int, key: int, bits: int) -> np.ndarray:
    """Normals of random planes, float32 [size, bits]."""
    return np.random.default_rng(key).standard_normal((size, bits), np.float32)
