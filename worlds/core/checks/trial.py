"""A world on trial: batches of it, runs to compare, and what a run leaves behind."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from avatarium.worlds.core.batch import Arrays, Batch, Step
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.spec import WorldSpec

STEPS = 120
"""Length of a run that is compared step by step."""
LONG_STEPS = 700
"""Length of a run in which everything ought to happen once."""
MANY = 64
"""Environments of the larger batches."""


def ending(spec: WorldSpec) -> dict[str, Any]:
    """Settings under which an episode of a world ends within ``LONG_STEPS``: none, where its usual length is not beyond them."""
    usual = getattr(spec.config(), "episode_steps", 0)
    return {"episode_steps": LONG_STEPS // 2} if usual > LONG_STEPS else {}


@dataclass(frozen=True)
class Trial:
    """The world on trial and the settings under which it is tried."""

    spec: WorldSpec
    settings: Mapping[str, Any]

    def batch(self, num_envs: int, threads: int = 1, autoreset: bool = True, central: bool = False, **more: Any) -> Batch:
        """A batch of the world under the settings of the trial and ``more``."""
        return Batch(self.spec, num_envs, threads, autoreset, central, **(dict(self.settings) | more))


Check = Callable[[Trial], Iterator[str]]
"""Tries one thing; yields a sentence for each fault. Its docstring says what holds when there is none."""


def actions_for(batch: Batch, steps: int) -> list[Arrays]:
    """Random actions for so many steps, the same in every run."""
    rng = np.random.default_rng(11)
    return [random_actions(batch, rng) for _ in range(steps)]


def played(batch: Batch, steps: int, heuristic_rows: int = 0) -> Iterator[Step]:
    """Reset the batch and step it with random actions, or by the heuristic, where there is one, in its first rows."""
    observed = batch.reset(0)
    rng = np.random.default_rng(11)
    for _ in range(steps):
        actions = random_actions(batch, rng)
        if batch.spec.heuristic is not None and heuristic_rows:
            for role in batch.roles:
                flat, chosen = observed[role][:heuristic_rows].reshape(-1, observed[role].shape[-1]), actions[role][:heuristic_rows]
                chosen[:] = batch.spec.heuristic(role, flat, batch.config).reshape(chosen.shape)
        yield batch.step(actions)


def extremes(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting of ``config`` by its dotted path, with its lowest and its highest value or each of its options."""
    for f in fields(config):
        value = getattr(config, f.name)
        if is_dataclass(value):
            yield from extremes(value, f"{prefix}{f.name}.")
        else:
            ends = f.metadata.get("options") or [type(value)(f.metadata[end]) for end in ("low", "high")]
            yield from ((prefix + f.name, end) for end in ends)


def trace(batch: Batch, seed: int | Sequence[int], table: Sequence[Arrays], rows: slice = slice(None)) -> str:
    """SHA-256 over everything that ``rows`` of a batch bring when reset and stepped with the actions of ``table``."""
    digest = hashlib.sha256()
    for observed in batch.reset(seed).values():
        digest.update(observed[rows].tobytes())
    return digest.hexdigest() + digest_of(batch, table, rows)


def digest_of(batch: Batch, table: Sequence[Arrays], rows: slice = slice(None)) -> str:
    """SHA-256 over everything that the actions of ``table`` bring to ``rows`` of a batch, from where it is now."""
    digest = hashlib.sha256()
    for actions in table:
        step = batch.step(actions)
        for role in batch.roles:
            now = (step.observation, step.reward, step.termination, step.truncation, batch.present, batch.reward_terms, batch.allowed)
            for column in now:
                digest.update(column[role][rows].tobytes())
            over = (step.termination[role] | step.truncation[role])[rows]
            digest.update(step.final_observation[role][rows][over].tobytes())
        digest.update(batch.global_state()[rows].tobytes())
    return digest.hexdigest()


def outside(rows: np.ndarray, space: Any, what: str) -> Iterator[str]:
    """A sentence when an element of ``rows`` [..., D] is not finite or lies outside the Box ``space`` [D]."""
    bad = ~((rows >= space.low) & (rows <= space.high))
    if bad.any():
        where = tuple(np.argwhere(bad)[0].tolist())
        yield f"{what}: element {where[-1]} is {rows[where]:g}, outside [{space.low[where[-1]]:g}, {space.high[where[-1]]:g}]"
