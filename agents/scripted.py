"""Policies without learning: random, and the heuristic and oracle that a world brings along."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.agents.policy import Memory, Turn
from avatarium.worlds import UserError, WorldSpec
from avatarium.worlds.core.rng import GOLDEN, scramble
from avatarium.worlds.core.spec import Role


class Random:
    """Uniformly random actions, drawn from the keys of the turn."""

    name = "random"

    def __init__(self, role: Role) -> None:
        self._role = role

    def initial_state(self, rows: int) -> Memory:
        """Nothing to remember."""
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads]."""
        size = self._role.action_size
        columns = [uniform(turn.keys, k) for k in range(size)]
        if self._role.continuous:
            low, high = self._role.span
            return np.stack([(high - low) * u + low for u in columns], axis=1).astype(np.float32), ()
        sizes = [len(head.choices) for head in self._role.heads]
        if turn.allowed is not None:
            masks = np.split(turn.allowed, np.cumsum(sizes)[:-1], axis=1)
            return np.stack([_one_of(mask, u) for mask, u in zip(masks, columns, strict=True)], axis=1), ()
        return np.stack([np.floor(u * size) for u, size in zip(columns, sizes, strict=True)], axis=1).astype(np.int32), ()


def _one_of(allowed: np.ndarray, u: np.ndarray) -> np.ndarray:
    """One of the choices that are ``allowed`` bool [B, C], by a random number ``u`` [B] in [0, 1): int32 [B]."""
    sought = np.floor(u * allowed.sum(axis=1)) + 1
    found: np.ndarray = (np.cumsum(allowed, axis=1) < sought[:, None]).sum(axis=1).astype(np.int32)
    return found


def uniform(keys: np.ndarray, k: int) -> np.ndarray:
    """The ``k``-th random number in [0, 1) of each key, float64 [B]."""
    with np.errstate(over="ignore"):
        z = keys + GOLDEN * np.uint64(k + 1)
        return np.asarray(scramble.py_func(z) >> np.uint64(11), np.float64) * 2.0**-53


class Rule:
    """A policy that is a function of what is sensed: ``rule`` (observation [B, D], keys uint64 [B]) gives actions [B, heads]."""

    def __init__(self, name: str, rule: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        self.name, self._rule = name, rule

    def initial_state(self, rows: int) -> Memory:
        """Nothing to remember."""
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads]."""
        return self._rule(turn.observation, turn.keys), ()


class Heuristic:
    """The scripted policy of a world that sees what a learner sees."""

    name = "heuristic"

    def __init__(self, spec: WorldSpec, config: Any) -> None:
        if spec.heuristic is None:
            raise UserError(f"world {spec.name!r} has no heuristic: choose random or a policy file")
        self._rule, self._config = spec.heuristic, config

    def initial_state(self, rows: int) -> Memory:
        """Nothing to remember."""
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads]."""
        return self._rule(turn.role, turn.observation, self._config), ()


class Oracle:
    """The bound of a world: it reads the state instead of the observation."""

    name = "oracle"

    def __init__(self, spec: WorldSpec) -> None:
        if spec.oracle is None:
            raise UserError(f"world {spec.name!r} has no oracle: choose heuristic, random or a policy file")
        self._rule = spec.oracle

    def initial_state(self, rows: int) -> Memory:
        """Nothing to remember."""
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads]."""
        return self._rule(turn.batch, turn.role, turn.envs, turn.avatars), ()
