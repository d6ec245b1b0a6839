"""Fetch what is learnt from where it is played: on the learners' own GPUs, which it never leaves."""

from typing import Any

from ray.rllib.core.learner.learner_group import LearnerGroup
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME

from avatarium.training.play.env_runner import ORDERS
from avatarium.training.play.rollout import RolloutBatch
from avatarium.training.play.samplers import Harvest


class GpuSampler:
    """Every learner plays a fragment with its own policy, then keeps it for the next update; metrics alone are handed over."""

    def __init__(self, learners: LearnerGroup) -> None:
        self._learners = learners
        self._state: dict[str, Any] = {}

    def request(self, state: dict[str, Any]) -> None:
        """Play with the orders of ``state`` next; the policies are those of the learners."""
        self._state = state

    def collect(self) -> Harvest:
        """Have everybody play."""
        orders, played = self._state[ORDERS], self._state[NUM_ENV_STEPS_SAMPLED_LIFETIME]
        found = list(self._learners.foreach_learner(lambda learner: learner.play(orders, played)))
        for result in found:
            if not result.ok:
                raise result.get()
        return [RolloutBatch({}, 0)] * len(found), [result.get() for result in found]

    def replace(self, count: int) -> list[Any]:
        """What a learner has played itself is not lost."""
        raise RuntimeError("a batch that a learner has played itself did not reach it")

    def close(self) -> None:
        """Nothing goes on in the background."""
