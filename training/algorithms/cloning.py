"""Behaviour cloning: the policy learns to do what was demonstrated, and its critic what that is worth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from ray.rllib.utils.metrics import LEARNER_RESULTS
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from avatarium.agents.networks.actor_critic import ActorCritic, Inputs
from avatarium.training.algorithms.ppo import BatchedPPO, BatchedPPOConfig
from avatarium.training.demos import demonstrations
from avatarium.training.demos.demonstrations import Demonstrations
from avatarium.training.learn import losses
from avatarium.training.learn.learner import BatchedPPOTorchLearner
from avatarium.training.learn.modules import ActorCriticModule
from avatarium.training.learn.tables import ACTIONS, ALLOWED
from avatarium.training.play.rollout import Extras, Fragment, RolloutBatch
from avatarium.training.play.samplers import Harvest, Sampler, shards
from avatarium.training.play.tally import log_steps

HELD_OUT = 0.1
"""Share of the episodes on which likelihood is measured instead of learnt from."""
LIKELIHOOD = "held_out_log_likelihood"
"""Metric of a module: mean logarithm of the probability of a decision in episodes that it does not learn from."""


class CloningConfig(BatchedPPOConfig):
    """The config of behaviour cloning: that of PPO, and where the demonstrations are."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or Cloning)
        self.demos: tuple[str, ...] = ()
        self.skip_private = False

    def demonstrated(self, paths: tuple[str, ...], skip_private: bool = False) -> Self:
        """Learn from the transcripts at ``paths``, files or folders; see ``demonstrations.load``."""
        self.demos, self.skip_private = paths, skip_private
        return self

    def get_default_learner_class(self) -> type:
        """The learner that imitates."""
        return CloningTorchLearner


class CloningTorchLearner(BatchedPPOTorchLearner):
    """Raises the likelihood of demonstrated decisions; the critic learns from their rewards as it does in PPO."""

    loss = staticmethod(losses.cloning)

    def judge(self, fragments: dict[str, Fragment]) -> dict[str, float]:
        """Mean log-likelihood of the decisions in ``fragments``, by module."""
        with torch.no_grad():
            return {module: self._likelihood(self._network(module), fragment) for module, fragment in fragments.items()}

    def _likelihood(self, network: ActorCritic, fragment: Fragment) -> float:
        seen, starts = (torch.from_numpy(part[:-1]).to(self._device) for part in (fragment.observations, fragment.starts))
        outputs, _ = network.remember(Inputs(seen, None, starts, network.initial(fragment.slots)))
        columns = {ACTIONS: torch.from_numpy(fragment.actions).to(self._device)}
        if fragment.allowed.shape[-1]:
            columns[ALLOWED] = torch.from_numpy(fragment.allowed).to(self._device)
        likelihoods, _ = losses.likelihood(network, outputs, columns)
        present = torch.from_numpy(fragment.present).to(self._device)
        return float(likelihoods[present].mean())


class DemoSampler:
    """Shows demonstrations over and over, in another order each time."""

    def __init__(
        self, shown: dict[str, Demonstrations], size: tuple[int, int], extras: dict[str, Extras], learners: int, seed: int
    ) -> None:
        """``size``: steps and slots of a batch."""
        self._shown, self._extras, self._learners = shown, extras, learners
        self._steps, self._slots = size
        self._rng = np.random.default_rng(seed)
        self._coming: dict[str, Iterator[Fragment]] = {module: iter(()) for module in shown}
        self._metrics = MetricsLogger(root=True)

    def request(self, state: dict[str, Any]) -> None:
        """Nothing to do: demonstrations do not depend on the policy."""

    def collect(self) -> Harvest:
        """The next batch."""
        batch = RolloutBatch({module: self._next(module) for module in self._shown}, self._steps * self._slots)
        log_steps(self._metrics, batch.env_steps, batch.decisions)
        return shards(batch, max(1, self._learners)), [self._metrics.reduce()]

    def _next(self, module: str) -> Fragment:
        found = next(self._coming[module], None)
        if found is None:
            every = self._shown[module].fragments(self._steps, self._slots, self._rng, self._extras[module])
            self._coming[module] = (shown.fragment for shown in every)
            found = next(self._coming[module])
        return found

    def replace(self, count: int) -> list[Any]:
        """What is in this process is not lost."""
        raise RuntimeError("a batch of this process did not reach its learner")

    def close(self) -> None:
        """Nothing goes on in the background."""


class Cloning(BatchedPPO):
    """Imitates what transcripts hold; see ``CloningConfig``. Raises UserError when they do not fit the world."""

    @classmethod
    def get_default_config(cls) -> CloningConfig:
        """The config to start from."""
        return CloningConfig()

    def _make_sampler(self) -> Sampler:
        where, config = self.config.env_config, self.config
        extras = {module: self._extras(module) for module in where["casting"].modules.values()}
        learnt, held_out = {}, {}
        for role, module in where["casting"].modules.items():
            paths = [Path(path) for path in config.demos]
            found = demonstrations.load(
                paths, where["address"], role, where["settings"], gamma=config.gamma, skip_private=config.skip_private
            )
            self.data = tuple(dict.fromkeys((*self.data, found.data)))
            self.notes += (found.summary(),)
            learnt[module], held_out[module] = found.split(HELD_OUT, config.seed or 0)
        steps, slots = config.rollout_fragment_length, config.num_envs_per_env_runner
        self._held_out = {module: next(shown.fragments(steps, slots, None, extras[module])).fragment for module, shown in held_out.items()}
        return DemoSampler(learnt, (steps, slots), extras, config.num_learners, config.seed or 0)

    def _extras(self, module: str) -> Extras:
        network = self._network_of(module)
        return Extras(states=len(network.state_names), units=network.architecture.units if network.recurrent else 0)

    def _network_of(self, module: str) -> ActorCritic:
        found: ActorCriticModule = self.env_runner_group.local_env_runner.module[module].unwrapped()
        return found.network

    def _step(self) -> None:
        super()._step()
        held_out = self._held_out
        judged = next(iter(self.learner_group.foreach_learner(lambda learner: learner.judge(held_out)))).get()
        for module, likelihood in judged.items():
            self.metrics.log_value((LEARNER_RESULTS, module, LIKELIHOOD), likelihood, window=1)
