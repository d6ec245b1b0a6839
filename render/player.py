"""A person in one seat of a world, policies in the others; what happens is recorded as it happens."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render.source import Live
from avatarium.worlds import Batch, make_batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.spec import Role

HEAD_KEYS = {
    "w": ("walk", "forward"), "up": ("walk", "forward"), "s": ("walk", "back"), "down": ("walk", "back"), "a": ("walk", "left"),
    "d": ("walk", "right"), "q": ("turn", "left"), "left": ("turn", "left"), "e": ("turn", "right"), "right": ("turn", "right"),
}  # fmt: skip
"""Key to (head, choice)."""

CONTROL_KEYS = {
    "w": ("forward", 1.0), "up": ("forward", 1.0), "s": ("forward", -1.0), "down": ("forward", -1.0), "a": ("left", 1.0),
    "d": ("left", -1.0), "q": ("turn", 1.0), "left": ("turn", 1.0), "e": ("turn", -1.0), "right": ("turn", -1.0),
}  # fmt: skip
"""Key to (continuous control, value)."""


def action(role: Role, held: frozenset[str]) -> np.ndarray:
    """What the keys that are held mean for an avatar of ``role``: [heads] int32, or [controls] float32; nothing held is standing still."""
    chosen: np.ndarray = np.zeros(role.action_size, role.action_dtype)
    for key in sorted(held):
        if role.continuous:
            name, value = CONTROL_KEYS.get(key, ("", 0.0))
            if name in role.continuous:
                chosen[role.continuous.index(name)] += value
        else:
            name, choice = HEAD_KEYS.get(key, ("", ""))
            for k, head in enumerate(role.heads):
                if head.name == name and choice in head.choices:
                    chosen[k] = head.choices.index(choice)
    return np.clip(chosen, -1, 1) if role.continuous else chosen


def _warm(batch: Batch) -> None:
    """Have the world's step compiled before the first one is due, and leave the batch as it was."""
    before = batch.snapshot()
    batch.step({name: np.zeros((1, role.count, role.action_size), role.action_dtype) for name, role in batch.roles.items()})
    batch.restore(before)


class Player:
    """One episode with a person as ``<role>_<avatar>``; ``drive`` makes its steps, ``close`` finishes the transcript at ``path``."""

    def __init__(
        self, world: str, others: str, seed: int, folder: Path, role: str = "", avatar: int = 0, config: Mapping[str, Any] | None = None
    ) -> None:
        agents, play = importlib.import_module("avatarium.agents"), importlib.import_module("avatarium.agents.play")
        self._batch = make_batch(world, num_envs=1, autoreset=False, **(config or {}))
        self._role = role or next(iter(self._batch.roles))
        self._avatar = avatar
        if self._role not in self._batch.roles:
            raise UserError(f"there is no role {self._role!r} in {world}: its roles are {', '.join(self._batch.roles)}")
        if not 0 <= avatar < self._batch.num_agents[self._role]:
            raise UserError(f"there is no {self._role}_{avatar}: they are numbered from 0 to {self._batch.num_agents[self._role] - 1}")
        self.agent = f"{self._role}_{avatar}"
        policies = {name: agents.load(others, world, name, **(config or {})) for name in self._batch.roles}
        self._batch.reset([seed])
        _warm(self._batch)
        self._seats = [play.Seat(self._batch, name, policy, [seed]) for name, policy in policies.items()]
        names = {name: policy.name for name, policy in policies.items()}
        self._recorder = Recorder(folder, self._batch, [seed], names, {"by_hand": self.agent})
        self.path = self._recorder.paths[0]
        self.source = Live(self._batch, f"{self._batch.spec.name.capitalize()} · seed {seed}", f"you are {self.agent}, others: {others}")

    def drive(self, held: frozenset[str]) -> bool:
        """Make one step with the keys that are held; returns whether the episode goes on."""
        if self._batch.ended[0]:
            return False
        actions = {seat.role: seat.act() for seat in self._seats}
        actions[self._role][0, self._avatar] = action(self._batch.roles[self._role], held)
        self._batch.step(actions)
        self._recorder.step()
        self.source.after(actions)
        return not bool(self._batch.ended[0])

    def close(self) -> None:
        """Finish the transcript, whether or not the episode has ended."""
        self._recorder.close()
        self._batch.close()
