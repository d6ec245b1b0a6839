"""Models of Stable-Baselines3: what the graph does, the library does."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, DQN, PPO, SAC
from torch import nn

from avatarium.training.adapters.sb3 import vec_env
from avatarium.worlds import UserError

STEERED = {"control": "continuous"}
NETS = {"activation_fn": nn.ReLU, "net_arch": {"pi": [8], "vf": [6, 6]}, "share_features_extractor": False}


def saved(kind: Any, path: Path, world: str = "lanes:WORLD", settings: dict[str, Any] | None = None, **options: Any) -> Any:
    model = kind("MlpPolicy", vec_env(world, 2, **(settings or {})), device="cpu", seed=4, **options)
    model.save(path)
    return model


def distribution(model: Any, seen: np.ndarray) -> Any:
    with torch.no_grad():
        return model.policy.get_distribution(torch.from_numpy(seen)).distribution


@pytest.mark.parametrize(("kind", "options"), [(PPO, {"n_steps": 4, "batch_size": 8}), (A2C, {"policy_kwargs": NETS})])
def test_several_heads(pack: Any, opened: Any, tmp_path: Path, kind: Any, options: dict[str, Any]) -> None:
    model = saved(kind, tmp_path / "model.zip", **options)
    assert "pickles" in pack("model.zip", "--world", "lanes:WORLD")
    manifest, policy = opened(tmp_path / "policy.zip")
    assert (manifest.name, manifest.sampling, manifest.actions) == ("model", "sample", (3, 2))
    assert manifest.training_data == "0 steps (Stable-Baselines3, ActorCriticPolicy)"
    seen = np.random.default_rng(0).uniform(-1, 1, (7, 3)).astype(np.float32)
    found = torch.from_numpy(policy.infer((seen,))[0])
    for mine, theirs in zip(found.split([3, 2], dim=1), distribution(model, seen), strict=True):
        assert torch.allclose(mine.log_softmax(dim=1), theirs.logits, atol=1e-5)


def test_continuous_control(pack: Any, opened: Any, tmp_path: Path) -> None:
    model = saved(PPO, tmp_path / "model.zip", "steering", n_steps=4, batch_size=8)
    pack("model.zip", "--world", "steering", "--no-check")
    _, policy = opened(tmp_path / "policy.zip")
    seen = np.random.default_rng(0).uniform(-1, 1, (7, 8)).astype(np.float32)
    mean, log_std = policy.infer((seen,))
    theirs = distribution(model, seen)
    assert mean == pytest.approx(theirs.mean.numpy(), abs=1e-5) and np.exp(log_std) == pytest.approx(theirs.stddev.numpy(), abs=1e-5)


def test_values_are_played_greedily(pack: Any, opened: Any, tmp_path: Path) -> None:
    model = saved(DQN, tmp_path / "model.zip", "coordination")
    pack("model.zip", "--world", "coordination", "--no-check")
    manifest, policy = opened(tmp_path / "policy.zip")
    assert manifest.sampling == "greedy"
    seen = np.random.default_rng(0).uniform(0, 1, (50, 12)).astype(np.float32)
    assert np.array_equal(policy.infer((seen,))[0].argmax(axis=1), model.predict(seen, deterministic=True)[0])


def test_what_cannot_be_a_submission_is_told_why(pack: Any, tmp_path: Path) -> None:
    saved(PPO, tmp_path / "exploring.zip", settings=STEERED, n_steps=4, batch_size=8, use_sde=True)
    with pytest.raises(UserError, match=r"StateDependentNoiseDistribution.*without use_sde"):
        pack("exploring.zip", "--world", "lanes:WORLD", "--set", "control=continuous")
    saved(SAC, tmp_path / "sac.zip", "steering")
    with pytest.raises(UserError, match="is a SACPolicy, but PPO, A2C and DQN can be packed"):
        pack("sac.zip", "--world", "steering")
    with pytest.raises(UserError, match="observations of 8 numbers, but walker sees 3"):
        pack("sac.zip", "--world", "lanes:WORLD")


def test_a_class_that_is_not_here(pack: Any, nets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(PPO, tmp_path / "model.zip", n_steps=4, batch_size=8, policy_kwargs={"activation_fn": nets.Small})
    monkeypatch.delitem(sys.modules, "mynets")
    monkeypatch.setattr(sys, "path", [place for place in sys.path if "nets" not in place])
    with pytest.raises(UserError, match="mynets"):
        pack("model.zip", "--world", "lanes:WORLD")
