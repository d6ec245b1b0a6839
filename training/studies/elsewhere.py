"""Contestants that another library trains, by its own defaults: Stable-Baselines3's PPO."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.training.packing.packed import Order, pack
from avatarium.training.run import history
from avatarium.training.run.checkpoint import Checkpoint, Progress
from avatarium.training.run.plan import Plan
from avatarium.worlds.core.errors import need

POLICY, MODEL = "policy.zip", "model.zip"


def finished(run: Path) -> bool:
    """Whether it was trained."""
    return (run / POLICY).is_file()


def trained(plan: Plan, run: Path) -> Checkpoint:
    """Train in one environment for ``plan.steps`` steps, unless that is done, and pack the policy; what a judge has to know of it.

    It acts greedily. The library sees the world as anybody would: its spaces, its rewards, nothing normalised. Raises UserError where it is
    not installed.
    """
    if not finished(run):
        run.mkdir(parents=True, exist_ok=True)
        model, points = _learnt(plan)
        model.save(run / MODEL)
        (run / history.FILE).write_text("".join(json.dumps(point) + "\n" for point in points))
        settings = tuple(f"{name}={value}" for name, value in plan.settings.items())
        pack(Order(str(run / MODEL), run / POLICY, plan.world, settings, sampling="greedy", check=False))
    return Checkpoint(run, plan, Progress(decisions=plan.steps), {}, {}, {}, {})


def _learnt(plan: Plan) -> tuple[Any, list[history.Point]]:
    """The model, and its curve."""
    library, adapter = need("stable_baselines3", "adapters"), need("avatarium.training.adapters.sb3", "adapters")
    callback: Any = need("stable_baselines3.common.callbacks", "adapters").BaseCallback
    points: list[history.Point] = []
    began = time.monotonic()

    class Curve(callback):  # type: ignore[misc]
        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            point = {"iteration": len(points) + 1, "decisions": self.num_timesteps, "seconds": time.monotonic() - began}
            ends = [episode["r"] for episode in self.model.ep_info_buffer]
            points.append(point | ({"return": float(np.mean(ends))} if ends else {}))

    env = adapter.vec_env(plan.world, **plan.settings)
    model = library.PPO("MlpPolicy", env, seed=plan.seed, device="cpu")
    try:
        model.learn(plan.steps, callback=Curve())
    finally:
        env.close()
    return model, points
