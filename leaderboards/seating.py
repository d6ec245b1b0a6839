"""Who sits where: the same seed gives the same seats to everybody who is judged, and every avatar has its turn."""

from collections.abc import Sequence

import numpy as np

from avatarium.agents.policy import keys

FOCAL = 0
"""Number of the judged policy among those who share a role; the others follow."""


def focal(seeds: Sequence[int], avatars: int, count: int) -> np.ndarray:
    """bool [N, A]: which of A seats are the judged policy's, ``count`` of them or, for 0, all, in episodes of ``seeds`` [N]."""
    return _places(seeds, avatars) < (count or avatars)


def shared(seeds: Sequence[int], avatars: int, count: int, others: int) -> np.ndarray:
    """int64 [N, A]: who of ``FOCAL``, in ``count`` seats, and ``others`` more, in the rest, sits in each seat in episodes of ``seeds`` [N].

    Where the others sit does not depend on ``count``, so that leaving out the judged policy (0) changes nobody else.
    """
    places = _places(seeds, avatars)
    rounds = np.array([seed // avatars % others for seed in seeds], np.int64)
    return np.where(places < count, FOCAL, 1 + (places + rounds[:, None]) % others)


def whole(seeds: Sequence[int], avatars: int, minds: int) -> np.ndarray:
    """int64 [N, A]: which of ``minds`` policies has all A seats of another role, one after the other as seeds count up."""
    return np.repeat(np.array([[seed % minds] for seed in seeds], np.int64), avatars, axis=1)


def _places(seeds: Sequence[int], avatars: int) -> np.ndarray:
    """int64 [N, A]: an order of the seats, drawn by counter-based keys, that moves on by one from seed to seed.

    In A consecutive seeds, beginning with a multiple of A, every seat has every place once.
    """
    rounds = np.array([seed // avatars & (2**64 - 1) for seed in seeds], np.uint64)
    everybody = np.tile(np.arange(avatars), len(rounds))
    drawn = keys(np.repeat(rounds, avatars), np.zeros_like(everybody), everybody).reshape(-1, avatars)
    order = np.argsort(np.argsort(drawn, axis=1, kind="stable"), axis=1)
    return np.asarray((order + np.array([[seed % avatars] for seed in seeds])) % avatars)
