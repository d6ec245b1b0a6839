"""Minds that do not learn: scripted, exported, or a network of an earlier run."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from avatarium import agents
from avatarium.agents.networks.acting import Acting
from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.agents.networks.heads import FORBIDDEN
from avatarium.agents.policy import Memory, Policy, Turn, keys
from avatarium.agents.scripted import Random
from avatarium.training.play.drawing import drawer, one_key
from avatarium.worlds.core import discovery
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role, WorldSpec


class Frozen:
    """A torch network as a policy that does not change."""

    def __init__(self, name: str, network: ActorCritic, role: Role, greedy: bool = False) -> None:
        self.name, self._acting, self._role, self._greedy = name, Acting(network.eval(), role), role, greedy
        self._draw = drawer(role)

    def initial_state(self, rows: int) -> Memory:
        """Zeros float32 [rows, units] for each part of the network's memory."""
        return tuple(part.numpy().copy() for part in self._acting.network.initial(rows))

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions int32 [B, heads], or float32 [B, controls], and the new memory."""
        with torch.inference_mode():
            outputs, after = self._acting.decide(torch.from_numpy(turn.observation), tuple(map(torch.from_numpy, state)))
        decided, rows = outputs.numpy(), len(turn.observation)
        if turn.allowed is not None:
            np.putmask(decided, ~turn.allowed, FORBIDDEN)
        actions: np.ndarray = np.zeros((rows, self._role.action_size), self._role.action_dtype)
        self._draw(decided, one_key(turn.keys[0] if rows else 0), self._greedy, actions, np.zeros(rows, np.float32))
        if self._role.continuous:
            np.clip(actions, *self._role.span, out=actions)
        return actions, tuple(part.numpy() for part in after)


def load_mind(text: str, batch: Batch, role: str) -> Policy:
    """The policy for ``role`` that ``text`` names: anything that ``agents.load`` takes, or the folder of a run or checkpoint.

    Raises UserError when there is none, or when it does not fit.
    """
    if text == "random":
        return Random(batch.roles[role])
    if not isinstance(batch.spec, WorldSpec):
        raise UserError(f"{text!r} cannot play in {batch.spec.name}, a world that Avatarium did not make: only random can")
    if Path(text).is_dir():
        return _trained(Path(text), batch, role)
    return agents.load(text, discovery.address(batch.spec), role, **asdict(batch.config))


def _trained(run: Path, batch: Batch, role: str) -> Policy:
    from avatarium.training.run import checkpoint  # which knows more of training than a runner needs

    found: Any = checkpoint.load(run)
    roles = found.roles
    if found.plan.world != discovery.address(batch.spec) or roles.get(role) is None:
        raise UserError(f"{run} is a run in {found.plan.world} that has no policy for role {role} of {batch.spec.name}")
    if roles[role].signature() != batch.roles[role].signature():
        raise UserError(f"the policy of {run} senses or does other things than {role} here: train it with the same settings")
    return Frozen(run.name, found.network(role), batch.roles[role])


class Seated:
    """A mind that does not learn, moving avatars of one role: all of them, or those it is told."""

    def __init__(self, batch: Batch, role: str, policy: Policy, origin: int) -> None:
        self._batch, self.role, self._policy = batch, role, policy
        self._count = batch.num_agents[role]
        self._origin = np.full(batch.num_envs * self._count, origin, np.uint64)
        self._every = np.arange(len(self._origin))
        self._memory: Memory = policy.initial_state(len(self._origin))

    def act(self, t: int, rows: np.ndarray | None = None) -> np.ndarray:
        """Actions [B, heads] of the avatars with the row numbers ``rows`` int64 [B], by default of all; ``t`` counts steps."""
        some = self._every if rows is None else rows
        observation, allowed = self._batch.observations[self.role].reshape(len(self._every), -1)[some], None
        if self._batch.roles[self.role].masked:
            allowed = self._batch.allowed[self.role].reshape(len(self._every), -1)[some]
        drawn = keys(self._origin[some], np.full(len(some), t), some)
        turn = Turn(observation, drawn, self._batch, self.role, some // self._count, some % self._count, allowed)
        actions, memory = self._policy.step(turn, tuple(part[some] for part in self._memory))
        for kept, new in zip(self._memory, memory, strict=True):
            kept[some] = new
        return actions

    def forget(self, envs: np.ndarray) -> None:
        """Begin anew in environments ``envs`` bool [N]."""
        rows = np.repeat(envs, self._count)
        for part in self._memory:
            part[rows] = 0
