"""The course of episodes: which level each environment plays, how long it has been at it, its random streams."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import LEVEL, PURPOSES, mix

SPLITS = ("train", "validation", "held-out")
"""Levels of unlike splits never coincide: the split is the two highest bits of a level's seed."""


class Episodes(NamedTuple):
    """Every field has the environments as its first axis [N]."""

    origin: np.ndarray  # uint64 [N]: what the environment was seeded with
    count: np.ndarray  # type: ignore[assignment]  # int64 [N]: episodes begun since then
    level: np.ndarray  # uint64 [N]: seed of the level in play
    clock: np.ndarray  # int32 [N]: steps since the episode began, also those that were played by_decision
    over: np.ndarray  # bool [N]: the episode ended and no new one has begun
    by_decision: np.ndarray  # bool [N]: where not every step is decided in, one lasts until the next decision
    stream: np.ndarray  # uint64 [N, PURPOSES]: see rng


def allocate(num_envs: int) -> Episodes:
    """Zeroed episodes for ``num_envs`` environments."""
    return Episodes(
        np.zeros(num_envs, np.uint64),
        np.zeros(num_envs, np.int64),
        np.zeros(num_envs, np.uint64),
        np.zeros(num_envs, np.int32),
        np.zeros(num_envs, np.bool_),
        np.zeros(num_envs, np.bool_),
        np.zeros((num_envs, PURPOSES), np.uint64),
    )


@kernel
def open_episodes(episodes, which, split, start, stop):
    """Begin the next episode where ``which`` [N] is set: its streams depend on (origin, count) and its level's split alone."""
    for i in range(start, stop):
        if which[i]:
            episodes.count[i] += 1
            seed = mix(episodes.origin[i], np.uint64(episodes.count[i]))
            level = (np.uint64(split) << np.uint64(62)) | (seed >> np.uint64(2))
            episodes.level[i] = level
            for purpose in range(PURPOSES):
                episodes.stream[i, purpose] = mix(level if purpose == LEVEL else seed, np.uint64(purpose + 1))
            episodes.clock[i] = 0
            episodes.over[i] = False


def origins(seed: int | Sequence[int] | np.ndarray, num_envs: int) -> np.ndarray:
    """Origins uint64 [N] from one seed for the batch, or from one seed per environment; ``5`` and ``[5]`` give the same first one."""
    mask = 2**64 - 1
    if isinstance(seed, (int, np.integer)):
        return np.array([mix(np.uint64(int(seed) & mask), np.uint64(i)) for i in range(num_envs)], np.uint64)
    return np.array([mix(np.uint64(int(s) & mask), np.uint64(0)) for s in seed], np.uint64)
