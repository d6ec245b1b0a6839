"""BenchMARL's MAPPO, in one process (it would have one for every environment); how to install it is said in ``bench_spread.py``.

BenchMARL 1.5 takes its task from pettingzoo.mpe, which is gone; the same task is taken from mpe2 instead.
"""

import copy
import tempfile
from dataclasses import asdict
from typing import Any

import mpe2.simple_spread_v3 as simple_spread
import numpy as np
import torch
from benchmarl.algorithms import MappoConfig
from benchmarl.environments import PettingZooTask
from benchmarl.environments.pettingzoo.common import PettingZooClass
from benchmarl.experiment import Callback, Experiment, ExperimentConfig
from benchmarl.models.mlp import MlpConfig
from spread.diary import AGENTS, CHOICES, OBSERVATION, SETTINGS, Diary, Logits
from spread.settings import FOUND, Settings
from tensordict import TensorDict
from torchrl.envs import PettingZooWrapper

GROUP = "agent"


class Spread(PettingZooClass):
    """The task from mpe2."""

    def get_env_fun(self, num_envs: int, continuous_actions: bool, seed: int | None, device: Any) -> Any:
        """As BenchMARL makes it, from the package where it lives now."""
        made = dict(SETTINGS, continuous_actions=continuous_actions)
        return lambda: PettingZooWrapper(
            simple_spread.parallel_env(**made), categorical_actions=True, device=device, seed=seed, return_state=self.has_state()
        )


class Notes(Callback):  # type: ignore[misc]
    """Notes the policy after every update."""

    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self.diary = diary

    def on_train_end(self, training_td: Any, group: str) -> None:
        """After every update."""
        self.diary.note(AGENTS * self.experiment.total_frames, lambda: frozen(self.experiment))

    def __getstate__(self) -> dict[str, Any]:
        """BenchMARL pickles its callbacks, which open policies are not made for."""
        return {}


def configured(settings: Settings, steps: int, folder: str) -> ExperimentConfig:
    """The config of the experiment."""
    config = ExperimentConfig.get_from_yaml()
    frames = settings.envs * settings.fragment
    config.prefer_continuous_actions, config.share_policy_params = False, True
    config.gamma, config.lr, config.adam_eps, config.clip_grad_val = settings.gamma, settings.lr, 1e-5, settings.gradient_clip
    config.parallel_collection, config.on_policy_n_envs_per_worker = False, settings.envs
    config.on_policy_collected_frames_per_batch = frames
    config.on_policy_n_minibatch_iters, config.on_policy_minibatch_size = settings.epochs, settings.env_steps
    config.max_n_iters, config.max_n_frames = None, frames * -(-steps // (AGENTS * frames))
    config.evaluation, config.render, config.create_json, config.loggers, config.save_folder = False, False, False, [], folder
    return config


def train(algorithm: str, seed: int, diary: Diary, settings: Settings = FOUND) -> dict[str, object]:
    """Train ``mappo``; returns the settings."""
    torch.set_num_threads(1)
    learner = MappoConfig.get_from_yaml()
    learner.lmbda, learner.entropy_coef = settings.lam, settings.entropy
    model = MlpConfig(num_cells=[settings.hidden] * 2, activation_class=torch.nn.Tanh, layer_class=torch.nn.Linear)
    with tempfile.TemporaryDirectory() as folder:
        experiment = Experiment(
            task=Spread("SIMPLE_SPREAD", PettingZooTask.SIMPLE_SPREAD.get_from_yaml().config),
            algorithm_config=learner,
            model_config=model,
            critic_model_config=model,
            seed=seed,
            config=configured(settings, diary.steps, folder),
            callbacks=[Notes(diary)],
        )
        diary.begin()
        experiment.run()
    its_own = {"lr_end": 1.0, "clip": learner.clip_epsilon, "value": learner.critic_coef}
    return {**asdict(settings), **its_own, "algorithm": algorithm}


def frozen(experiment: Experiment) -> Logits:
    """The policy as it is now."""
    policy = copy.deepcopy(experiment.group_policies[GROUP])

    def logits(seen: np.ndarray) -> np.ndarray:
        rows = torch.from_numpy(seen).reshape(-1, AGENTS, OBSERVATION)
        with torch.no_grad():
            found = policy(TensorDict({GROUP: TensorDict({"observation": rows}, rows.shape[:2])}, rows.shape[:1]))
        return found[GROUP, "logits"].reshape(-1, CHOICES).numpy()

    return logits
