"""Modules of stock RLlib, as its checkpoints hold them: what the graph does, RLlib does."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete
from ray.rllib.algorithms.dqn.torch.default_dqn_torch_rl_module import DefaultDQNTorchRLModule
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.algorithms.sac.sac_catalog import SACCatalog
from ray.rllib.algorithms.sac.torch.default_sac_torch_rl_module import DefaultSACTorchRLModule
from ray.rllib.connectors.env_to_module import EnvToModulePipeline, MeanStdFilter
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from avatarium.training.packing.fitting import check_spaces
from avatarium.training.play import arena
from avatarium.worlds import UserError

SENSES = Box(-1.0, 1.0, (3,), np.float32)
HEADS, CONTROLS = MultiDiscrete([3, 2]), Box(-1.0, 1.0, (2,), np.float32)
LANES = ("--world", "lanes:WORLD")


def spec(acts: Any = HEADS, senses: Any = SENSES, kind: Any = DefaultPPOTorchRLModule, **config: Any) -> RLModuleSpec:
    chosen = DefaultModelConfig(**{"fcnet_hiddens": [8, 8], "lstm_cell_size": 6, "max_seq_len": 4} | config)
    return RLModuleSpec(kind, observation_space=senses, action_space=acts, model_config=chosen)


def saved(folder: Path, **specs: RLModuleSpec) -> tuple[Path, dict[str, Any]]:
    """A checkpoint as an Algorithm lays it out, and its modules."""
    torch.manual_seed(3)
    made = MultiRLModuleSpec(rl_module_specs=specs).build()
    made.save_to_path(folder / "learner_group" / "learner" / "rl_module")
    (folder / "rllib_checkpoint.json").write_text(json.dumps({"ray_version": "2.60.0", "checkpoint_version": "2.1"}))
    return folder, {name: made[name].eval() for name in specs}


@pytest.mark.parametrize("config", [{}, {"vf_share_layers": False}, {"fcnet_activation": "relu", "head_fcnet_hiddens": [8]}])
def test_a_perceptron(pack: Any, opened: Any, tmp_path: Path, config: dict[str, Any]) -> None:
    folder, modules = saved(tmp_path / "ppo", walker=spec(**config))
    assert "pickles" in pack(str(folder), *LANES)
    manifest, policy = opened(tmp_path / "policy.zip")
    assert (manifest.name, manifest.sampling, manifest.recurrent) == ("ppo", "sample", ())
    seen = np.random.default_rng(0).uniform(-1, 1, (7, 3)).astype(np.float32)
    due = modules["walker"].forward_inference({"obs": torch.from_numpy(seen)})["action_dist_inputs"]
    assert policy.infer((seen,))[0] == pytest.approx(due.detach().numpy(), abs=1e-5)


@pytest.mark.parametrize("shared", [True, False])
def test_a_memory_step_by_step_is_rllib_s_over_a_sequence(pack: Any, opened: Any, tmp_path: Path, shared: bool) -> None:
    """The critic's memory, where it has its own, is left behind."""
    folder, modules = saved(tmp_path / "ppo", walker=spec(use_lstm=True, vf_share_layers=shared))
    pack(str(folder), *LANES)
    manifest, policy = opened(tmp_path / "policy.zip")
    assert sorted(state.name.removeprefix("actor_") for state in manifest.recurrent) == ["c", "h"]
    module, seen = modules["walker"], np.random.default_rng(0).uniform(-1, 1, (5, 4, 3)).astype(np.float32)
    initial = torch.utils._pytree.tree_map(lambda part: part[None].expand(5, *part.shape), module.get_initial_state())
    due = module.forward_inference({"obs": torch.from_numpy(seen), "state_in": initial})["action_dist_inputs"]
    states = policy.initial_state(5)
    for step in range(4):
        logits, *states = policy.infer((seen[:, step], *states))
        assert logits == pytest.approx(due[:, step].detach().numpy(), abs=1e-5)


def test_continuous_control(pack: Any, opened: Any, tmp_path: Path) -> None:
    folder, modules = saved(tmp_path / "ppo", walker=spec(CONTROLS, free_log_std=True))
    pack(str(folder), *LANES, "--set", "control=continuous", "--no-check")
    _, policy = opened(tmp_path / "policy.zip")
    seen = np.full((2, 3), 0.5, np.float32)
    due = modules["walker"].forward_inference({"obs": torch.from_numpy(seen)})["action_dist_inputs"].detach().numpy()
    assert np.concatenate(policy.infer((seen,)), axis=1) == pytest.approx(due, abs=1e-5)


def test_a_bare_module(pack: Any, tmp_path: Path) -> None:
    spec().build().save_to_path(tmp_path / "module")
    assert "difference" in pack("module", *LANES, "--no-check")


def test_one_of_several_modules(pack: Any, opened: Any, tmp_path: Path) -> None:
    """By its name, or by that of the role."""
    folder, _ = saved(tmp_path / "ppo", walker=spec(), other=spec(fcnet_hiddens=[9]))
    with pytest.raises(UserError, match=r"no module 'third' in it: give --module one of .*walker"):
        pack(str(folder), *LANES, "--module", "third")
    for words in ((), ("--module", "other")):
        pack(str(folder), *LANES, *words, "--out", f"p{len(words)}.zip", "--no-check")
    assert (tmp_path / "p0.zip").read_bytes() != (tmp_path / "p2.zip").read_bytes()


def test_what_is_not_in_the_module_is_not_forgotten(pack: Any, tmp_path: Path) -> None:
    folder, _ = saved(tmp_path / "ppo", walker=spec())
    pipeline = EnvToModulePipeline(SENSES, HEADS, connectors=[MeanStdFilter()])
    pipeline.save_to_path(folder / "env_runner" / "env_to_module_connector")
    with pytest.raises(UserError, match="trained behind MeanStdFilter"):
        pack(str(folder), *LANES)


def test_values_are_played_greedily(pack: Any, opened: Any, tmp_path: Path) -> None:
    chosen = {"double_q": True, "dueling": True, "num_atoms": 1, "v_min": 0.0, "v_max": 1.0, "epsilon": [(0, 1.0)], "std_init": 0.1}
    config = asdict(DefaultModelConfig(fcnet_hiddens=[8])) | chosen | {"noisy": False}
    senses = Box(-1.0, 1.0, (12,), np.float32)
    dqn = RLModuleSpec(DefaultDQNTorchRLModule, observation_space=senses, action_space=Discrete(5), model_config=config)
    folder, modules = saved(tmp_path / "dqn", mover=dqn)
    pack(str(folder), "--world", "coordination", "--no-check")
    manifest, policy = opened(tmp_path / "policy.zip")
    assert manifest.sampling == "greedy"
    seen = np.random.default_rng(0).uniform(-1, 1, (20, 12)).astype(np.float32)
    due = modules["mover"].forward_inference({"obs": torch.from_numpy(seen)})["actions"]
    assert np.array_equal(policy.infer((seen,))[0].argmax(axis=1), due.numpy())


def squashed() -> RLModuleSpec:
    config = asdict(DefaultModelConfig(fcnet_hiddens=[8])) | {"twin_q": True}
    spaces = {"observation_space": SENSES, "action_space": CONTROLS}
    return RLModuleSpec(DefaultSACTorchRLModule, model_config=config, catalog_class=SACCatalog, **spaces)


MISFITS = {
    "width": (lambda: spec(senses=Box(-1, 1, (4,), np.float32)), (), "observations of 4 numbers, but walker sees 3"),
    "heads": (lambda: spec(MultiDiscrete([2, 3])), (), "one of 2 x 3 choices, but walker acts by one of 3 x 2 choices"),
    "distribution": (squashed, ("--set", "control=continuous"), "draws actions from TorchSquashedGaussian, but a submission gives logits"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_misfit_is_one_sentence(pack: Any, tmp_path: Path, name: str) -> None:
    make, words, sentence = MISFITS[name]
    folder, _ = saved(tmp_path / "ppo", walker=make())
    with pytest.raises(UserError, match=sentence):
        pack(str(folder), *LANES, *words)


def test_masks_are_the_host_s_business(outside: None) -> None:
    role = arena.find("lanes:WORLD").roles["walker"]
    with pytest.raises(UserError, match=r"parts action_mask, observations, .* masks are applied to its logits by the host"):
        check_spaces(Dict({"action_mask": SENSES, "observations": SENSES}), HEADS, role)


def test_the_old_stack_is_named(pack: Any, tmp_path: Path) -> None:
    folder, _ = saved(tmp_path / "old", walker=spec())
    (folder / "policies").mkdir()
    with pytest.raises(UserError, match="old stack"):
        pack(str(folder), *LANES)


def test_a_damaged_checkpoint(pack: Any, tmp_path: Path) -> None:
    folder, _ = saved(tmp_path / "ppo", walker=spec())
    (folder / "learner_group" / "learner" / "rl_module" / "walker" / "module_state.pkl").write_bytes(b"\x80")
    with pytest.raises(UserError, match="cannot be loaded as an RLModule"):
        pack(str(folder), *LANES)
