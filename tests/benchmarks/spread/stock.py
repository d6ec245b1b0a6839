"""RLlib's own PPO, as it comes, over its own wrapper of PettingZoo, with two env runners."""

import copy
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mpe2.simple_spread_v3 as simple_spread
import numpy as np
import ray
import torch
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv
from ray.tune.registry import register_env
from spread.diary import AGENTS, SETTINGS, Diary, Logits
from spread.settings import FOUND, Settings

from avatarium.training.run.engine import native_errors_to

POLICY, NAME = "agent", "simple_spread"
RUNNERS = 2


def configured(settings: Settings, seed: int, steps: int) -> PPOConfig:
    """The config; samples of RLlib's schedules are environment steps."""
    s = settings
    register_env(NAME, lambda _: ParallelPettingZooEnv(simple_spread.parallel_env(**SETTINGS)))
    config = PPOConfig().environment(NAME, disable_env_checking=True)
    config.env_runners(num_env_runners=RUNNERS, num_envs_per_env_runner=s.envs // RUNNERS, rollout_fragment_length=s.fragment)
    config.multi_agent(policies={POLICY}, policy_mapping_fn=lambda *_, **__: POLICY)
    model = DefaultModelConfig(fcnet_hiddens=[s.hidden, s.hidden], fcnet_activation="tanh", vf_share_layers=False)
    config.rl_module(rl_module_spec=RLModuleSpec(model_config=model))
    config.training(
        train_batch_size_per_learner=s.envs * s.fragment,
        minibatch_size=s.minibatch,
        num_epochs=s.epochs,
        lr=[[0, s.lr], [steps // AGENTS, s.lr * s.lr_end]],
        gamma=s.gamma,
        lambda_=s.lam,
        clip_param=s.clip,
        entropy_coeff=s.entropy,
        vf_loss_coeff=s.value,
        grad_clip=s.gradient_clip,
        use_kl_loss=False,
        vf_clip_param=1e9,
    )
    return config.debugging(seed=seed, log_level="ERROR")


def train(algorithm: str, seed: int, diary: Diary, settings: Settings = FOUND) -> dict[str, object]:
    """Train ``ppo``; returns the settings."""
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder, native_errors_to(Path(folder) / "ray.log"):
        ray.init(address="local", num_cpus=RUNNERS, include_dashboard=False, log_to_driver=False)
        built = configured(settings, seed, diary.steps).build_algo()
        samples = 0
        diary.begin()
        while not diary.note(samples, lambda: frozen(built)):
            samples += int(sum(built.train()["env_runners"]["num_agent_steps_sampled"].values()))
        built.stop()
        ray.shutdown()
    return {**asdict(settings), "runners": RUNNERS, "algorithm": algorithm}


def frozen(algorithm: Algorithm) -> Logits:
    """The policy as it is now."""
    (found,) = algorithm.learner_group.foreach_learner(lambda learner: copy.deepcopy(learner.module[POLICY]))
    module: Any = found.get()

    def logits(seen: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return module.forward_inference({Columns.OBS: torch.from_numpy(seen)})[Columns.ACTION_DIST_INPUTS].numpy()

    return logits
