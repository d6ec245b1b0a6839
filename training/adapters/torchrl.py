"""Any world as a batched environment of TorchRL: environments are the batch size, avatars are grouped by role."""

from typing import Any

import numpy as np
import torch

from avatarium import worlds
from avatarium.worlds.core.batch import Batch, Step
from avatarium.worlds.core.errors import UserError, need
from avatarium.worlds.core.spec import Role

EnvBase: Any = need("torchrl.envs", "adapters").EnvBase
specs: Any = need("torchrl.data", "adapters")
TensorDict: Any = need("tensordict", "adapters").TensorDict

Entries = dict[str, Any]


class WorldTensorEnv(EnvBase):  # type: ignore[misc]
    """A world, by name or as a batch, with batch size [num_envs]: ``Collector(WorldTensorEnv("wayfinding", num_envs=64), ...)``.

    For each role there is a group of the same name with ``observation`` [N, A, D], ``mask`` [N, A] (who is in the world), ``action``,
    ``reward``, ``done``, ``terminated`` and ``truncated`` [N, A, 1], and ``action_mask`` [N, A, C] where choices are masked. A role with
    one head acts in Categorical, with several in MultiCategorical. The ``done`` of the root is that of whole environments; who leaves
    before the others is ``done`` in its group, and stays so, unpaid, while away. ``central=True`` adds the global state, ``state`` [N, G].

    Worlds begin the next episode by themselves, so that only environments that have ended can be reset, or all at once.
    """

    def __init__(self, world: str | Batch, num_envs: int = 1, device: Any = None, **settings: Any) -> None:
        self.batch = worlds.make_batch(world, num_envs=num_envs, **settings) if isinstance(world, str) else world
        super().__init__(device=device, batch_size=torch.Size([self.batch.num_envs]))
        self.group_map = {name: [f"{name}_{a}" for a in range(count)] for name, count in self.batch.num_agents.items()}
        self._rng = np.random.default_rng()
        self._over = np.zeros(self.batch.num_envs, np.bool_)
        self._here = {name: np.zeros(here.shape, np.bool_) for name, here in self.batch.present.items()}
        seen: Entries = {name: self._seen_spec(role) for name, role in self.batch.roles.items()}
        if self.batch.central.shape[1]:
            seen["state"] = specs.Unbounded(self.batch.central.shape)
        self.observation_spec = self._composite(seen)
        self.action_spec = self._grouped({name: {"action": self._action_spec(role)} for name, role in self.batch.roles.items()})
        self.reward_spec = self._grouped({n: {"reward": specs.Unbounded((*h.shape, 1))} for n, h in self._here.items()})
        ends: Entries = {name: self._composite(_ends_spec(here.shape), here.shape) for name, here in self._here.items()}
        self.done_spec = self._composite(ends | _ends_spec((self.batch.num_envs,)))

    def _composite(self, entries: Entries, shape: tuple[int, ...] | None = None) -> Any:
        return specs.Composite(entries, shape=shape or self.batch_size, device=self.device)

    def _grouped(self, groups: dict[str, Entries]) -> Any:
        return self._composite({name: self._composite(entries, self._here[name].shape) for name, entries in groups.items()})

    def _seen_spec(self, role: Role) -> Any:
        lead = self._here[role.name].shape
        seen = {"observation": specs.Unbounded((*lead, role.observation_size)), "mask": _flag(lead)}
        return self._composite(seen | ({"action_mask": _flag((*lead, role.mask_size))} if role.masked else {}), lead)

    def _action_spec(self, role: Role) -> Any:
        lead = self._here[role.name].shape
        if role.continuous:
            return specs.Bounded(*role.span, (*lead, role.action_size))
        counts = [len(head.choices) for head in role.heads]
        if len(counts) == 1:
            return specs.Categorical(counts[0], lead)
        return specs.MultiCategorical(counts, (*lead, len(counts)))

    def _set_seed(self, seed: int | None) -> None:
        self._rng = np.random.default_rng(seed)

    def _reset(self, tensordict: Any = None, **_: Any) -> Any:
        which = None if tensordict is None else tensordict.get("_reset", None)
        rows = np.ones(len(self._over), np.bool_) if which is None else which.cpu().numpy().reshape(-1)
        if which is None or (rows.all() and not self._over.all()):
            self.batch.reset(int(self._rng.integers(1 << 62)))
        elif (rows & ~self._over).any():
            raise UserError("an environment was to be reset before its episode was over: limit episodes by the world's settings instead")
        self._over &= ~rows
        self._here = {name: here.copy() for name, here in self.batch.present.items()}
        groups = {name: self._group(name, self.batch.observations[name].copy(), here) for name, here in self._here.items()}
        return self._pack(groups, self.batch.central.copy())

    def _step(self, tensordict: Any) -> Any:
        if tensordict.get("_step", None) is not None:
            raise UserError("environments of a batch step together: roll out with break_when_any_done, not with break_when_all_done")
        names = self.batch.roles
        acts = {name: tensordict.get((name, "action")).cpu().numpy().reshape(*self._here[name].shape, -1) for name in names}
        step = self.batch.step(acts)
        self._over = self.batch.ended.copy()
        groups = {name: self._moved(name, step) for name in names}
        state = np.where(self._over[:, None], self.batch.final_central, self.batch.central)
        cut = np.zeros_like(self._over)
        for name in names:
            cut |= (step.truncation[name] & ~step.termination[name]).any(axis=1)
        self._here = {name: here.copy() for name, here in self.batch.present.items()}
        return self._pack(groups | _ends(self._over & ~cut, self._over & cut), state)

    def _moved(self, name: str, step: Step) -> Entries:
        """What a step brought a role; whoever's episode ended sees its last moment, not the first of the next."""
        terminated, truncated = step.termination[name], step.truncation[name] & ~step.termination[name]
        ended = terminated | truncated
        seen = np.where(ended[..., None], step.final_observation[name], step.observation[name])
        here = np.where(self._over[:, None], ended, self.batch.present[name])
        away = ~self._here[name] | ~(here | ended)
        reward = torch.from_numpy(step.reward[name][..., None].copy())
        return self._group(name, seen, here) | {"reward": reward} | _ends(terminated | away, truncated)

    def _group(self, name: str, seen: np.ndarray, here: np.ndarray) -> Entries:
        group: Entries = {"observation": torch.from_numpy(seen), "mask": torch.from_numpy(here.copy())}
        if self.batch.roles[name].masked:
            group["action_mask"] = torch.from_numpy(self.batch.allowed[name] | ~here[..., None])
        return group

    def _pack(self, entries: Entries, state: np.ndarray) -> Any:
        packed = {name: TensorDict(part, self._here[name].shape) if name in self._here else part for name, part in entries.items()}
        if state.shape[1]:
            packed["state"] = torch.from_numpy(state)
        return TensorDict(packed, self.batch_size, device=self.device)

    def close(self, *, raise_if_closed: bool = True) -> None:
        """Let go of the world."""
        self.batch.close()
        super().close(raise_if_closed=raise_if_closed)


def _flag(shape: tuple[int, ...]) -> Any:
    return specs.Categorical(2, shape, dtype=torch.bool)


def _ends_spec(lead: tuple[int, ...]) -> Entries:
    return {name: _flag((*lead, 1)) for name in ("done", "terminated", "truncated")}


def _ends(terminated: np.ndarray, truncated: np.ndarray) -> Entries:
    """The three flags of TorchRL, bool [..., 1]."""
    flags = {"done": terminated | truncated, "terminated": terminated, "truncated": truncated}
    return {name: torch.from_numpy(flag[..., None].copy()) for name, flag in flags.items()}
