"""PettingZoo environments of others: one whose agents come and go and have masks, one that is steered, one in which agents take turns."""

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv

LAST = 6
DEATH, BIRTH = 2, 3  # worker_1 dies in this step, worker_2 comes in that one


class Hive(ParallelEnv):
    """What workers see counts the steps; what they are paid is what they do. A draw of the seed lies in the corner of what they see."""

    metadata: ClassVar = {"name": "hive_v7"}

    def __init__(self, last: int = LAST) -> None:
        self.last = last
        self.possible_agents = ["worker_0", "queen", "worker_1", "worker_2"]
        worker = spaces.Box(-100, 100, (2, 3)), spaces.Discrete(3, start=1)
        seen = spaces.Dict({"action_mask": spaces.MultiBinary(5), "day": spaces.Discrete(8), "egg": spaces.Box(0, 9, (2,))})
        self.spaces = dict.fromkeys(self.possible_agents, worker) | {"queen": (seen, spaces.MultiDiscrete([2, 3]))}

    def observation_space(self, agent: str) -> spaces.Space:
        return self.spaces[agent][0]

    def action_space(self, agent: str) -> spaces.Space:
        return self.spaces[agent][1]

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[dict, dict]:
        self.clock, self.draw = 0, np.random.default_rng(seed).random()
        self.agents = self.possible_agents[:-1]
        return self._seen(self.agents), self._infos(self.agents)

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        assert sorted(actions) == sorted(self.agents)
        assert all(self.action_space(agent).contains(action) for agent, action in actions.items())
        self.clock += 1
        acted = self.agents
        rewards = {agent: float(np.sum(action)) for agent, action in actions.items()}
        terminations = {agent: agent == "worker_1" and self.clock == DEATH for agent in acted}
        truncations = dict.fromkeys(acted, self.clock == self.last)
        self.agents = [agent for agent in acted if not (terminations[agent] or truncations[agent])]
        if self.clock == BIRTH:
            self.agents.append("worker_2")
        heard = list(dict.fromkeys([*acted, *self.agents]))
        return self._seen(heard), rewards, terminations, truncations, self._infos(heard)

    def state(self) -> np.ndarray:
        return np.array([[self.clock, self.draw]])

    def _seen(self, agents: list[str]) -> dict:
        egg = {"action_mask": np.array([0, 1, 1, 0, 1], np.int8), "day": self.clock, "egg": np.full(2, self.clock, np.float32)}
        worker = np.full((2, 3), self.clock, np.float32)
        worker[0, 0] = self.draw
        return {agent: egg if agent == "queen" else worker for agent in agents}

    def _infos(self, agents: list[str]) -> dict:
        return {agent: {"action_mask": np.arange(3) <= self.clock} if agent != "queen" else {} for agent in agents}


class Glider(ParallelEnv):
    """One agent, called 0, is steered by two bounded numbers, and sees what it did."""

    possible_agents: ClassVar = [0]
    space = spaces.Box(np.array([-2, 0], np.float64), np.array([2, 8], np.float64), dtype=np.float64)

    def observation_space(self, agent: int) -> spaces.Space:
        return self.space

    def action_space(self, agent: int) -> spaces.Space:
        return self.space

    def reset(self, seed: int | None = None, options: Any = None) -> tuple[dict, dict]:
        self.agents = [0]
        return {0: np.zeros(2)}, {0: {}}

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        assert self.space.contains(actions[0])
        return {0: actions[0]}, {0: 1}, {0: False}, {0: False}, {0: {}}


class Turns(AECEnv):
    """Nothing but the declaration of an environment in which agents take turns."""

    metadata: ClassVar = {"name": "turns_v0", "is_parallelizable": False}
    possible_agents: ClassVar = ["first", "second"]


class Boundless(Glider):
    """One that is steered by numbers without bounds."""

    def action_space(self, agent: int) -> spaces.Space:
        return spaces.Box(-np.inf, np.inf, (2,))


class Wordy(Glider):
    """One that hears any number of words."""

    def observation_space(self, agent: int) -> spaces.Space:
        return spaces.Sequence(spaces.Discrete(8))
