"""What a policy is: it turns what avatars sense into what they do, and carries its own state from step to step."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from avatarium.worlds import Batch
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import mix

Memory = tuple[np.ndarray, ...]
"""Recurrent state: arrays [B, ...], empty for policies without any."""


class Turn(NamedTuple):
    """What is laid before a policy in one step: B rows, each one avatar of one environment."""

    observation: np.ndarray  # float32 [B, D]
    keys: np.ndarray  # uint64 [B]: a random key of (seed, step, avatar), the same whatever else is in the batch
    batch: Batch | None  # for privileged policies only
    role: str
    envs: np.ndarray  # int64 [B]
    avatars: np.ndarray  # int64 [B]
    allowed: np.ndarray | None = None  # bool [B, C]: choices that are open, for roles with masks; C over all heads


class Policy(Protocol):
    """A mind for any number of avatars of one role. Rows are independent of one another."""

    name: str

    def initial_state(self, rows: int) -> Memory:
        """The state at the beginning of an episode, for ``rows`` avatars."""

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads] int32 (or [B, controls] float32) and the next state."""


@runtime_checkable
class Tells(Protocol):
    """A policy that tells of itself (see ``readouts``): transcripts keep it beside what happened."""

    tells: tuple[str, ...]
    """Names of all that it tells, from the beginning."""
    told: dict[str, np.ndarray]
    """By name: float32 [B] about the turn of the last ``step``."""


@runtime_checkable
class LooksBack(Protocol):
    """A policy that tells more of a step once it has seen where the step led, such as how curious it was."""

    def look_back(self, before: Turn, actions: np.ndarray, after: Turn) -> dict[str, np.ndarray]:
        """By name: float32 [B] about the step from ``before`` to ``after``, in which it did ``actions`` [B, heads]."""


@kernel
def _fill_keys(seeds, steps, avatars, out):
    for k in range(out.shape[0]):
        out[k] = mix(mix(seeds[k], np.uint64(steps[k])), np.uint64(avatars[k]))


def keys(seeds: np.ndarray, steps: np.ndarray, avatars: np.ndarray) -> np.ndarray:
    """Counter-based random keys uint64 [B] of seeds uint64 [B], steps and avatars int64 [B]."""
    out = np.zeros(len(seeds), np.uint64)
    _fill_keys(seeds, steps, avatars, out)
    return out
