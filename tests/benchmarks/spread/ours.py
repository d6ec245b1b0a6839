"""Avatarium's PPO and MAPPO, by the trainer behind ``avatarium train``, with two runners."""

import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from spread.diary import SETTINGS, Diary, Logits

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.recipes.simple_spread import RECIPE
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.training.run.session import Session

ADDRESS = "mpe2.simple_spread_v3:parallel_env"
ROLE = "agent"
RUNNERS = 2


def train(algorithm: str, seed: int, diary: Diary) -> dict[str, object]:
    """Train ``ppo`` or ``mappo``; returns the settings."""
    torch.set_num_threads(1)
    hyperparameters = replace(RECIPE.hyperparameters, algorithm=algorithm)
    plan = Plan(ADDRESS, dict(SETTINGS), hyperparameters, seed=seed, runners=RUNNERS, steps=diary.steps)
    plan.check()
    with tempfile.TemporaryDirectory() as folder, engine.ray_for(plan, Path(folder) / "ray.log"):
        built = engine.config_for(plan).build_algo()
        session = Session(plan, Path(folder), built, None)
        diary.begin()
        while not diary.note(int(session.iterate()["decisions"]), lambda: frozen(plan, built)):
            pass
        session.history.close()
        built.stop()
    return {**asdict(hyperparameters), "runners": RUNNERS}


def frozen(plan: Plan, algorithm: BatchedPPO) -> Logits:
    """The policy as it is now."""
    fit = plan.fit(ROLE)
    network = ActorCritic(fit.interface, fit.architecture)
    weights = engine.network_weights(algorithm, ROLE)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, strict=False)

    def logits(seen: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            found: np.ndarray = network.act(torch.from_numpy(seen))[0].numpy()
        return found

    return logits
