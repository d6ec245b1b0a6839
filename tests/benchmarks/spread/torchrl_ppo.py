"""MAPPO and IPPO of TorchRL, put together as its multi-agent tutorial does, with two collecting processes."""

import copy
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import mpe2.simple_spread_v3 as simple_spread
import numpy as np
import torch
from spread.diary import AGENTS, CHOICES, OBSERVATION, SETTINGS, Diary, Logits
from spread.settings import FOUND, Settings
from tensordict.nn import TensorDictModule
from torchrl.collectors import MultiCollector
from torchrl.data import LazyTensorStorage, SamplerWithoutReplacement, TensorDictReplayBuffer
from torchrl.envs import PettingZooWrapper, SerialEnv
from torchrl.modules import MultiAgentMLP, ProbabilisticActor
from torchrl.objectives import ClipPPOLoss, ValueEstimators

GROUP = "agent"
WORKERS = 2


def environments(count: int) -> Any:
    """``count`` copies of the environment, one after the other."""
    return SerialEnv(count, lambda: PettingZooWrapper(simple_spread.parallel_env(**SETTINGS), categorical_actions=True))


class Learner:
    """A policy that the agents share, a critic that sees one of them or all, and TorchRL's loss for both."""

    def __init__(self, settings: Settings, centralised: bool, action_spec: Any) -> None:
        self.settings = settings
        common: dict[str, Any] = {"n_agents": AGENTS, "share_params": True, "depth": 2, "num_cells": settings.hidden}
        self.mlp = MultiAgentMLP(OBSERVATION, CHOICES, centralized=False, activation_class=torch.nn.Tanh, **common)
        self.policy = ProbabilisticActor(
            TensorDictModule(self.mlp, in_keys=[(GROUP, "observation")], out_keys=[(GROUP, "logits")]),
            spec=action_spec,
            in_keys=[(GROUP, "logits")],
            out_keys=[(GROUP, "action")],
            distribution_class=torch.distributions.Categorical,
            return_log_prob=True,
            log_prob_key=(GROUP, "sample_log_prob"),
        )
        critic = MultiAgentMLP(OBSERVATION, 1, centralized=centralised, activation_class=torch.nn.Tanh, **common)
        self.critic = TensorDictModule(critic, in_keys=[(GROUP, "observation")], out_keys=[(GROUP, "state_value")])
        self.loss = self._loss()
        self.optimiser = torch.optim.Adam(self.loss.parameters(), lr=settings.lr, eps=1e-5)

    def _loss(self) -> Any:
        s = self.settings
        loss = ClipPPOLoss(
            self.policy,
            self.critic,
            clip_epsilon=s.clip,
            entropy_coeff=s.entropy,
            critic_coeff=s.value,
            loss_critic_type="l2",
            normalize_advantage=True,
        )
        names = {name: (GROUP, name) for name in ("reward", "action", "sample_log_prob", "done", "terminated")}
        loss.set_keys(value=(GROUP, "state_value"), **names)
        loss.make_value_estimator(ValueEstimators.GAE, gamma=s.gamma, lmbda=s.lam)
        return loss

    def update(self, batch: Any, buffer: Any, left: float) -> None:
        """Learn from one batch when the share ``left`` of the training lies ahead."""
        with torch.no_grad():
            params = self.loss.critic_network_params, self.loss.target_critic_network_params
            self.loss.value_estimator(batch, params=params[0], target_params=params[1])
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.lr * (self.settings.lr_end + (1.0 - self.settings.lr_end) * left)
        flat = batch.reshape(-1)
        buffer.extend(flat)
        for _ in range(self.settings.epochs * max(1, len(flat) // self.settings.env_steps)):
            found = self.loss(buffer.sample())
            (found["loss_objective"] + found["loss_critic"] + found["loss_entropy"]).backward()
            torch.nn.utils.clip_grad_norm_(self.loss.parameters(), self.settings.gradient_clip)
            self.optimiser.step()
            self.optimiser.zero_grad()

    def frozen(self) -> Logits:
        """The policy as it is now."""
        mlp = copy.deepcopy(self.mlp)

        def logits(seen: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                return mlp(torch.from_numpy(seen).reshape(-1, AGENTS, OBSERVATION)).reshape(-1, CHOICES).numpy()

        return logits


def train(algorithm: str, seed: int, diary: Diary, settings: Settings = FOUND) -> dict[str, object]:
    """Train ``mappo`` or ``ippo``; returns the settings."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    learner = Learner(settings, algorithm == "mappo", environments(1).full_action_spec_unbatched)
    per_worker = settings.envs // WORKERS
    makers: list[Callable[[], Any]] = [lambda: environments(per_worker)] * WORKERS
    frames = settings.envs * settings.fragment
    collector = MultiCollector(makers, learner.policy, sync=True, frames_per_batch=frames, total_frames=-1, update_at_each_batch=True)
    collector.set_seed(seed)
    run(learner, collector, frames, diary)
    collector.shutdown()
    return {**asdict(settings), "workers": WORKERS}


def run(learner: Learner, collector: Any, frames: int, diary: Diary) -> None:
    """Learn from what ``collector`` brings until the diary is full."""
    sampler = SamplerWithoutReplacement()
    buffer = TensorDictReplayBuffer(storage=LazyTensorStorage(frames), sampler=sampler, batch_size=learner.settings.env_steps)
    samples, batches = 0, iter(collector)
    diary.begin()
    while True:
        batch = next(batches)
        learner.update(batch, buffer, 1.0 - samples / diary.steps)
        collector.update_policy_weights_()
        samples += AGENTS * batch.numel()
        if diary.note(samples, learner.frozen):
            return
