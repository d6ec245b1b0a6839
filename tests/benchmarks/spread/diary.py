"""What a contestant notes while it trains, and how good the policies it noted turn out to be; the same for all, with nothing but mpe2.

The return of an episode is the sum of an agent's 25 rewards, averaged over the three agents (local_ratio 0.5, as the environment has it):
-26.8 when actions are drawn uniformly, -8.2 when every agent steers straight to the landmark that an optimal assignment gives it.
"""

import time
from collections.abc import Callable
from typing import Any

import mpe2.simple_spread_v3 as simple_spread
import numpy as np

AGENTS, CYCLES, OBSERVATION, CHOICES = 3, 25, 18, 5
SETTINGS = {"N": AGENTS, "max_cycles": CYCLES}
POINTS = 15
"""Policies that are judged per run."""
EPISODES, LAST_EPISODES = 64, 400
"""Episodes that each of them plays, and the last one."""
FIRST_SEED = 1_000_000
"""Episodes of judging are seeded from here on, the same for everybody."""

Logits = Callable[[np.ndarray], np.ndarray]
"""A frozen policy: float32 [B, 18] observations -> float [B, 5] logits."""


class Diary:
    """Keeps frozen policies with the samples and the seconds they took; they are judged afterwards, so that judging costs no training time.

    A sample is one decision of one agent. The clock starts with ``begin``: processes and networks are there by then.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self._notes: list[tuple[int, float, Logits]] = []
        self._due = 0.0

    def begin(self) -> None:
        """Training starts now."""
        self._began = time.perf_counter()

    def note(self, samples: int, freeze: Callable[[], Logits]) -> bool:
        """Call after every update; returns whether training is over."""
        seconds, over = time.perf_counter() - self._began, samples >= self.steps
        if over or samples >= self._due:
            self._notes.append((samples, seconds, freeze()))
            self._due += self.steps / POINTS
        return over

    def judged(self) -> list[dict[str, float]]:
        """The curve: returns of the likeliest actions (greedy) and of drawn ones (sampled)."""
        curve = []
        for samples, seconds, logits in self._notes:
            episodes = LAST_EPISODES if samples >= self.steps else EPISODES
            returns = {name: judge(logits, episodes, name == "greedy") for name in ("greedy", "sampled")}
            curve.append({"samples": samples, "seconds": seconds} | returns)
        return curve


def judge(logits: Logits, episodes: int, greedy: bool) -> float:
    """Mean return of ``episodes`` episodes."""
    rng = np.random.default_rng(FIRST_SEED)
    envs: list[Any] = [simple_spread.parallel_env(**SETTINGS) for _ in range(episodes)]
    seen = [env.reset(seed=FIRST_SEED + i)[0] for i, env in enumerate(envs)]
    total = 0.0
    for _ in range(CYCLES):
        rows = np.array([list(by_agent.values()) for by_agent in seen], np.float32)
        found = logits(rows.reshape(-1, OBSERVATION))
        chosen = (found if greedy else found + rng.gumbel(size=found.shape)).argmax(axis=-1).reshape(episodes, AGENTS)
        for i, env in enumerate(envs):
            seen[i], rewards, *_ = env.step(dict(zip(env.agents, chosen[i].tolist(), strict=True)))
            total += sum(rewards.values())
    for env in envs:
        env.close()
    return total / (AGENTS * episodes)
