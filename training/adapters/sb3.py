"""Any world as a vectorised environment of Stable-Baselines3: every avatar of one role is a row, and all of them share the policy."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete, MultiDiscrete, Space

from avatarium import worlds
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import UserError, need
from avatarium.worlds.core.spec import Role

VecEnv: Any = need("stable_baselines3.common.vec_env", "adapters").VecEnv
Monitor: Any = need("stable_baselines3.common.monitor", "adapters").Monitor

Act = Callable[[np.ndarray], np.ndarray]
"""Observations float32 [B, D] to actions [B, heads] or [B, controls]."""


def vec_env(
    world: str | Batch, num_envs: int = 1, role: str | None = None, others: Mapping[str, Act] | None = None, **settings: Any
) -> "WorldVecEnv":
    """A world, by name or as a batch, for Stable-Baselines3: ``PPO("MlpPolicy", vec_env("wayfinding", num_envs=64))``.

    Where a world has several roles, ``role`` is the one that learns, and ``others`` holds a function for each of the rest, such as
    ``lambda seen: model.predict(seen)[0]``. Raises UserError when one of them is missing.
    """
    batch = worlds.make_batch(world, num_envs=num_envs, **settings) if isinstance(world, str) else world
    if role is None and len(batch.roles) == 1:
        role = next(iter(batch.roles))
    if role not in batch.roles:
        raise UserError(f"role is {role!r}, but in {batch.spec.name} one of these has to learn: {', '.join(batch.roles)}")
    lacking = batch.roles.keys() - {role} - (others or {}).keys()
    if lacking:
        raise UserError(f"nobody plays {', '.join(sorted(lacking))}: give others={{role: function from observations to actions}}")
    return WorldVecEnv(batch, role, others or {})


class WorldVecEnv(VecEnv):  # type: ignore[misc]
    """Row ``i * avatars + a`` is avatar a of environment i.

    An avatar whose episode ends is ``done``, with its last observation in ``infos[row]["terminal_observation"]``, whether time ran out in
    ``"TimeLimit.truncated"``, and return and length in ``"episode"``. The row of an avatar that is not in the world sees zeros, is paid
    nothing and is ``done`` in every step, so that nothing of its value leaks into the episodes around it.
    A role with a single head acts in Discrete. Masked roles say what is open in ``env_method("action_masks")``.
    """

    render_mode = None

    def __init__(self, batch: Batch, role: str, others: Mapping[str, Act]) -> None:
        self.batch, self.role, self._others = batch, role, others
        mine = batch.roles[role]
        self._lead = (batch.num_envs, mine.count)
        rows = batch.num_envs * mine.count
        super().__init__(rows, batch.observation_spaces[role], _action_space(mine))
        self._rng = np.random.default_rng()
        self._here = np.zeros(rows, np.bool_)
        self._returns, self._lengths = np.zeros(rows), np.zeros(rows, np.int64)
        self._began = time.time()
        self._actions: np.ndarray = np.zeros((rows, mine.action_size), mine.action_dtype)

    def reset(self) -> np.ndarray:
        """Begin new episodes; observations float32 [rows, D]. The seeds are those given to ``seed`` since the last reset, or fresh ones."""
        seeds = self._seeds[:: self._lead[1]]
        given = None not in seeds
        self.batch.reset(seeds if given else self._rng.integers(1 << 62, size=self.batch.num_envs))
        self._reset_seeds()
        self._reset_options()
        self._returns[:], self._lengths[:] = 0, 0
        return self._look()

    def _look(self) -> np.ndarray:
        """A copy of what everybody sees, because learners keep it beyond the next step."""
        seen = self.batch.observations[self.role].reshape(self.num_envs, -1).copy()
        self._here = self.batch.present[self.role].flatten()
        if not self._here.all():
            seen[~self._here] = 0
        return seen

    def step_async(self, actions: np.ndarray) -> None:
        """Take note of what to do: int [rows] or [rows, heads], or float [rows, controls]."""
        self._actions = np.asarray(actions)

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Do it; observations float32 [rows, D], rewards float32 [rows], dones bool [rows], infos."""
        acted, name = self._here, self.role
        step = self.batch.step({name: self._actions.reshape(*self._lead, -1)} | {other: self._play(other) for other in self._others})
        seen, rewards = self._look(), step.reward[name].flatten()
        ended = (step.termination[name] | step.truncation[name]).ravel()
        dones = ended | ~acted | ~self._here
        self._returns += rewards
        self._lengths += 1
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if dones.any():
            cut = (step.truncation[name] & ~step.termination[name]).ravel()
            final = step.final_observation[name].reshape(self.num_envs, -1)
            for row in np.flatnonzero(dones & acted).tolist():
                infos[row] = {"terminal_observation": final[row].copy(), "TimeLimit.truncated": bool(cut[row]), "episode": self._told(row)}
            self._returns[dones], self._lengths[dones] = 0, 0
        return seen, rewards, dones, infos

    def _play(self, role: str) -> np.ndarray:
        """What the policy of a role that does not learn here does."""
        lead = (self.batch.num_envs, self.batch.num_agents[role])
        seen = self.batch.observations[role]
        return np.asarray(self._others[role](seen.reshape(lead[0] * lead[1], -1))).reshape(*lead, -1)

    def _told(self, row: int) -> dict[str, float]:
        """Return, length and seconds since the beginning, as Stable-Baselines3's Monitor calls them."""
        return {"r": float(self._returns[row]), "l": int(self._lengths[row]), "t": round(time.time() - self._began, 6)}

    def action_masks(self) -> np.ndarray:
        """bool [rows, C]: choices that are open now, head after head. Raises AttributeError where the role is not masked."""
        if not self.batch.roles[self.role].masked:
            raise AttributeError(f"role {self.role} of {self.batch.spec.name} has no masks")
        return np.asarray(self.batch.allowed[self.role].reshape(self.num_envs, -1) | ~self._here[:, None])

    def close(self) -> None:
        """Let go of the world."""
        self.batch.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of this environment, once for each row that is asked for."""
        if attr_name == "action_masks":
            self.action_masks()
        return [getattr(self, attr_name)] * len(self._rows(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute for all rows; they are one environment."""
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """What a method of this environment returns, its row for each row that is asked for."""
        told = getattr(self, method_name)(*method_args, **method_kwargs)
        return [told[row] for row in self._rows(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Every row counts as wrapped in a Monitor, because its infos tell what one would, and no row as wrapped in anything else."""
        return [wrapper_class is Monitor] * len(self._rows(indices))

    def _rows(self, indices: Any) -> Sequence[int]:
        return list(self._get_indices(indices))


def _action_space(role: Role) -> Space[Any]:
    space = role.action_space
    return Discrete(int(space.nvec[0])) if isinstance(space, MultiDiscrete) and len(space.nvec) == 1 else space
