"""What a runner brings home: columns of a stretch of play, time first, one row per step and one slot per avatar."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch

from avatarium.worlds.core.spec import Role

SPARSE = ("final_steps", "final_slots", "final_observations", "final_central")
"""Columns with a row per avatar whose episode ended, instead of a row per step."""


@dataclass(frozen=True)
class Fragment:
    """T steps of the S avatars that one module moves; S counts every avatar of its roles in every one of N environments.

    Final observations are those of avatars whose episode ended in the step: everyone else has more steps to come. What is played on a GPU
    has tensors there instead of arrays.
    """

    observations: np.ndarray  # float32 [T + 1, S, D]: the last row is what the next fragment begins with
    allowed: np.ndarray  # bool [T, S, C]: choices that were open; C is 0 for roles without masks
    actions: np.ndarray  # int32 [T, S, heads], or float32 [T, S, controls] as drawn, before clipping to [-1, 1]
    log_probs: np.ndarray  # float32 [T, S]: of the actions, under the policy that drew them
    rewards: np.ndarray  # float32 [T, S]
    terminations: np.ndarray  # bool [T, S]
    truncations: np.ndarray  # bool [T, S]
    present: np.ndarray  # bool [T, S]: whether the slot's avatar was there to act, and was moved by the module
    starts: np.ndarray  # bool [T + 1, S]: nothing that was before this step is remembered
    state: np.ndarray  # float32 [P, S, units]: the module's memory before the first step; P is 0 without memory
    visits: np.ndarray  # float32 [T, S, M]: see agents.curiosity.Transitions; M is 0 when nobody counts
    who: np.ndarray  # int64 [S]: which avatar of its role the slot is
    central: np.ndarray  # float32 [T + 1, N, G]: the global state; G is 0 when no critic looks at it
    central_of: np.ndarray  # int64 [S]: environment of each slot
    final_steps: np.ndarray  # int64 [F]: step of each final observation
    final_slots: np.ndarray  # int64 [F]: slot of each final observation
    final_observations: np.ndarray  # float32 [F, D]
    final_central: np.ndarray  # float32 [F, G]

    @property
    def agent_steps(self) -> int:
        """Number of decisions taken."""
        return int(torch.count_nonzero(self.present) if isinstance(self.present, torch.Tensor) else np.count_nonzero(self.present))

    @property
    def slots(self) -> int:
        """Number of avatars, S."""
        return int(self.rewards.shape[1])


@dataclass(frozen=True)
class RolloutBatch:
    """One fragment per module, of the same steps of the same environments.

    Not a dict, list or tuple itself, so that RLlib's ``tree.flatten`` passes it on whole.
    """

    fragments: dict[str, Fragment]
    env_steps: int

    @property
    def agent_steps(self) -> int:
        """Number of decisions taken, over all modules."""
        return sum(self.decisions.values())

    @property
    def decisions(self) -> dict[str, int]:
        """Number of decisions taken, by module."""
        return {name: f.agent_steps for name, f in self.fragments.items()}

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(getattr(f, column.name).nbytes for f in self.fragments.values() for column in fields(Fragment))


@dataclass(frozen=True)
class Extras:
    """What a module wants beyond the usual columns; 0 for nothing."""

    states: int = 0
    """Parts of its memory."""
    units: int = 0
    """Width of each part."""
    visits: bool = False
    """Whether visits are counted."""
    lifetime: bool = False
    """Whether over the whole training instead of over an episode."""
    central: int = 0
    """Features of the global state."""


def allocate(role: Role, steps: int, num_envs: int, extras: Extras) -> Fragment:
    """An empty fragment of ``steps`` steps for ``num_envs`` environments of a role."""
    slots = num_envs * role.count
    lead = (steps, slots)
    return Fragment(
        observations=np.zeros((steps + 1, slots, role.observation_size), np.float32),
        allowed=np.ones((*lead, sum(len(h.choices) for h in role.heads) if role.masked else 0), np.bool_),
        actions=np.zeros((*lead, role.action_size), role.action_dtype),
        log_probs=np.zeros(lead, np.float32),
        rewards=np.zeros(lead, np.float32),
        terminations=np.zeros(lead, np.bool_),
        truncations=np.zeros(lead, np.bool_),
        present=np.zeros(lead, np.bool_),
        starts=np.zeros((steps + 1, slots), np.bool_),
        state=np.zeros((extras.states, slots, extras.units), np.float32),
        visits=np.zeros((*lead, role.count if extras.visits else 0), np.float32),
        who=np.tile(np.arange(role.count), num_envs),
        central=np.zeros((steps + 1, num_envs, extras.central), np.float32),
        central_of=np.repeat(np.arange(num_envs), role.count),
        final_steps=np.zeros(0, np.int64),
        final_slots=np.zeros(0, np.int64),
        final_observations=np.zeros((0, role.observation_size), np.float32),
        final_central=np.zeros((0, extras.central), np.float32),
    )


def join(parts: Sequence[Fragment]) -> Fragment:
    """Lay fragments side by side, slot by slot; they have to be of equal length.

    Where roles of unlike size are moved by one module, the smaller ones count visits of companions who have never been anywhere.
    """
    if len(parts) == 1:
        return parts[0]
    most = max(p.visits.shape[2] for p in parts)
    parts = [
        p if p.visits.shape[2] == most else replace(p, visits=np.pad(p.visits, ((0, 0), (0, 0), (0, most - p.visits.shape[2]))))
        for p in parts
    ]
    slots = np.cumsum([0] + [p.slots for p in parts[:-1]])
    envs = np.cumsum([0] + [p.central.shape[1] for p in parts[:-1]])
    shifted = [
        replace(p, final_slots=p.final_slots + slot, central_of=p.central_of + env) for p, slot, env in zip(parts, slots, envs, strict=True)
    ]
    together: Any = torch.cat if isinstance(parts[0].rewards, torch.Tensor) else np.concatenate
    return Fragment(**{f.name: together([getattr(p, f.name) for p in shifted], _axis(f.name)) for f in fields(Fragment)})


def split(fragment: Fragment, shards: int) -> list[Fragment]:
    """Cut a fragment into ``shards`` of equally many environments; raises ValueError when that is impossible.

    Each gets every so-manieth environment, so that of roles or stages that lie side by side everybody gets the same share.
    """
    if shards == 1:
        return [fragment]
    envs = fragment.central.shape[1]
    if envs % shards:
        raise ValueError(f"{envs} environments cannot be shared out evenly over {shards} learners")
    return [_some(fragment, np.arange(k, envs, shards)) for k in range(shards)]


def _some(fragment: Fragment, envs: np.ndarray) -> Fragment:
    """The part of a fragment that was played in some environments, given in ascending order."""
    slots = np.flatnonzero(np.isin(fragment.central_of, envs))
    ended = np.flatnonzero(np.isin(fragment.final_slots, slots))
    taken = {}
    for f in fields(Fragment):
        column = getattr(fragment, f.name)
        chosen = ended if f.name in SPARSE else envs if f.name == "central" else slots
        taken[f.name] = np.take(column, chosen, axis=_axis(f.name))
    renumbered = {"final_slots": np.searchsorted(slots, taken["final_slots"]), "central_of": np.searchsorted(envs, taken["central_of"])}
    return Fragment(**(taken | renumbered))


def _axis(column: str) -> int:
    """Along which axis a column's slots, environments or final observations lie."""
    return 0 if column in SPARSE or column in ("who", "central_of") else 1
