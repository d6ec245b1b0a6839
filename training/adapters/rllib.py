"""Any world as an environment of stock RLlib."""

from typing import Any

import numpy as np
from ray.rllib.env.multi_agent_env import MultiAgentEnv

from avatarium import worlds

ByAgent = dict[str, Any]


class WorldEnv(MultiAgentEnv):  # type: ignore[misc]
    """One environment of a world as a ``MultiAgentEnv``; agents are called by role and number, as ``walker_0``.

    ``config`` holds the world's ``name`` and its ``settings``: ``register_env("w", WorldEnv)`` and ``environment("w", env_config=...)``.
    Infos of agents of masked roles hold their ``action_mask``: int8 [choices] per head, 1 = allowed, as ``MultiDiscrete.sample`` takes it.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.batch = worlds.make_batch(config["name"], autoreset=False, **config.get("settings", {}))
        self._seats = {f"{role}_{k}": (role, k) for role, count in self.batch.num_agents.items() for k in range(count)}
        self.possible_agents = list(self._seats)
        self.agents: list[str] = []
        self.observation_spaces = {agent: self.batch.observation_spaces[role] for agent, (role, _) in self._seats.items()}
        self.action_spaces = {agent: self.batch.action_spaces[role] for agent, (role, _) in self._seats.items()}
        self._actions: dict[str, np.ndarray] = {
            name: np.zeros((1, role.count, role.action_size), role.action_dtype) for name, role in self.batch.roles.items()
        }
        self._rng = np.random.default_rng()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[ByAgent, ByAgent]:
        """Begin an episode; without a ``seed``, another one each time."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self.batch.reset([int(self._rng.integers(1 << 62))])
        self.agents = self._present()
        return self._of(self.agents, self.batch.observations), self._infos(self.agents)

    def step(self, action_dict: ByAgent) -> tuple[ByAgent, ByAgent, ByAgent, ByAgent, ByAgent]:
        """Observations, rewards, terminations, truncations and infos of all who acted; ``__all__`` when the episode is over.

        An episode that runs out of time says so by ``__all__`` alone: RLlib 2.60 takes one in which every agent is truncated by name for
        terminated, and does not bootstrap.
        """
        for agent, action in action_dict.items():
            role, k = self._seats[agent]
            self._actions[role][0, k] = action
        acted = self.agents
        step = self.batch.step(self._actions)
        over = bool(self.batch.ended[0])
        terminated = {agent: bool(flag) for agent, flag in self._of(acted, step.termination).items()}
        truncated = {agent: bool(flag) for agent, flag in self._of(acted, step.truncation).items()}
        out_of_time = over and any(truncated.values())
        ends = {"__all__": over and not out_of_time}, {"__all__": out_of_time}
        self.agents = [] if over else self._present()
        observations = self._of([*acted, *(agent for agent in self.agents if agent not in acted)], step.observation)
        rewards = {agent: float(reward) for agent, reward in self._of(acted, step.reward).items()}
        return observations, rewards, terminated | ends[0], ends[1] if over else truncated | ends[1], self._infos(list(observations))

    def close(self) -> None:
        """Let go of the world."""
        self.batch.close()

    def _present(self) -> list[str]:
        return [agent for agent, (role, k) in self._seats.items() if self.batch.present[role][0, k]]

    def _infos(self, agents: list[str]) -> ByAgent:
        return {agent: self._mask(*self._seats[agent]) for agent in agents}

    def _mask(self, role: str, k: int) -> dict[str, Any]:
        heads = self.batch.roles[role].mask_slices()
        return {"action_mask": tuple(self.batch.allowed[role][0, k, head].astype(np.int8) for head in heads)} if heads else {}

    def _of(self, agents: list[str], arrays: dict[str, np.ndarray]) -> ByAgent:
        """Each agent's part of arrays [1, A, ...] by role, copied."""
        return {agent: arrays[role][0, k].copy() for agent, (role, k) in ((agent, self._seats[agent]) for agent in agents)}
