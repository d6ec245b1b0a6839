"""Search without gradients, by evolution or brute force: many policies play the same episodes, and the best tell where to go on."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger
from torch import nn

from avatarium.training.algorithms.ppo import BatchedPPO, BatchedPPOConfig
from avatarium.training.learn.learner import BatchedPPOTorchLearner
from avatarium.training.learn.strategy import Search, Strategy
from avatarium.training.play import arena
from avatarium.training.play.actor import key_of
from avatarium.training.play.env_runner import BatchedEnvRunner
from avatarium.training.play.samplers import Harvest, Sampler
from avatarium.training.play.tally import log_steps
from avatarium.training.play.trials import Played, Trials, weights_of
from avatarium.training.threads import one_torch_thread


class EvolutionConfig(BatchedPPOConfig):
    """The config of evolution: that of PPO, of which it uses little, and the strategy."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or Evolution)
        self.strategy: Search = Strategy()

    def searching(self, strategy: Search) -> Self:
        """Search in this way; the children of a generation share the environments out evenly."""
        self.strategy = strategy
        return self

    def get_default_learner_class(self) -> type:
        """The learner that chooses."""
        return EvolutionTorchLearner


@dataclass(frozen=True)
class Generation:
    """Children of every module's policy, float32 [children, P], and what they came to."""

    children: dict[str, np.ndarray]
    played: Played
    step: float


class EvolutionTorchLearner(BatchedPPOTorchLearner):
    """Goes on from the best children; what they all saw is taken into the running statistics of observations.

    Normalisation that learns along is what lets one step size do for features of unlike size (Mania et al. 2018,
    https://arxiv.org/abs/1803.07055, section 3.2).
    """

    def update(self, *, training_data: TrainingData, timesteps: dict[str, Any] | None = None, **_: Any) -> Any:
        """Take over what the generation in ``training_data`` leads to."""
        self._check_is_built()
        self.before_gradient_based_update(timesteps=timesteps or {})
        self._weights_seq_no += 1
        (generation,) = training_data.batches
        for module_id, children in generation.children.items():
            network, fitness, seen = self._network(module_id), generation.played.fitness[module_id], generation.played.seen[module_id]
            mean = self.config.strategy.chosen(children, fitness)
            nn.utils.vector_to_parameters(torch.from_numpy(mean), network.actor.parameters())
            network.normalise.absorb(float(seen.count), seen.mean, seen.variance)
            told = {"best": fitness.max(), "mean": fitness.mean(), "worst": fitness.min(), "step": generation.step}
            self.metrics.log_dict({f"children_{name}": float(value) for name, value in told.items()}, key=module_id, window=1)
        self.after_gradient_based_update(timesteps=timesteps or {})
        return self.metrics.reduce()


class Generations:
    """Has the children of a policy play, all in one batch."""

    def __init__(self, algorithm: "Evolution", runner: BatchedEnvRunner) -> None:
        self._algorithm, self._runner, config = algorithm, runner, algorithm.config
        where = config.env_config
        batch = arena.find(where["address"], where["settings"]).open(config.num_envs_per_env_runner, where["threads"])
        self._seed = config.seed or 0
        self._trials = Trials(batch, where["casting"], key_of(self._seed, 1))
        self._metrics = MetricsLogger(root=True)

    def request(self, state: dict[str, Any]) -> None:
        """Take over the policies that are to have children."""
        self._runner.set_state(state)

    def collect(self) -> Harvest:
        """Play a generation."""
        number, strategy = self._algorithm.generation, self._algorithm.config.strategy
        networks = {name: self._runner.module[name].unwrapped().network for name in self._algorithm.config.policies}
        children = {}
        for k, (name, network) in enumerate(sorted(networks.items())):
            children[name] = strategy.offspring(weights_of(network), number, np.random.default_rng([self._seed, number, k]))
        with one_torch_thread():
            played = self._trials.play(networks, children, key_of(self._seed, 2, number))
        log_steps(self._metrics, played.env_steps, played.decisions)
        self._trials.tally.log(self._metrics)
        return [Generation(children, played, strategy.step_size(number))], [self._metrics.reduce()]

    def replace(self, count: int) -> list[Any]:
        """What is in this process is not lost."""
        raise RuntimeError("a generation of this process did not reach its learner")

    def close(self) -> None:
        """Close the worlds."""
        self._trials.close()


class Evolution(BatchedPPO):
    """A search for the weights of actors; see ``EvolutionConfig``. Critics learn nothing."""

    @classmethod
    def get_default_config(cls) -> EvolutionConfig:
        """The config to start from."""
        return EvolutionConfig()

    @property
    def generation(self) -> int:
        """Number of the coming generation, counted from 0; that of a resumed run goes on."""
        return self.updates_before + int(self.iteration)

    def _make_sampler(self) -> Sampler:
        return Generations(self, self.env_runner_group.local_env_runner)
