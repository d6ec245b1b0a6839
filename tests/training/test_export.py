"""An exported policy computes what torch computes, passes the gates of the leaderboard, and plays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from avatarium import agents, worlds
from avatarium.agents.exported import read
from avatarium.agents.networks.mlp import ActorCritic
from avatarium.agents.play import play
from avatarium.leaderboards import gates
from avatarium.training import export
from avatarium.training.checkpoint import Checkpoint, Progress
from avatarium.training.plan import Plan


def network_for(role: worlds.core.spec.Role) -> ActorCritic:  # type: ignore[name-defined]
    torch.manual_seed(0)
    choices = [] if role.continuous else [len(h.choices) for h in role.heads]
    network = ActorCritic(role.observation_size, choices, len(role.continuous), [16, 16])
    network.normalise.update(torch.randn(500, role.observation_size) * 3 + 1)
    with torch.no_grad():
        network.actor[-1].weight *= 100  # beyond the near-uniform beginning
    return network.eval()


def checkpoint_of(plan: Plan, network: ActorCritic, folder: Path) -> Checkpoint:
    return Checkpoint(folder, plan, Progress(), {"walker": {f"network.{k}": v.numpy() for k, v in network.state_dict().items()}}, {})


@pytest.mark.parametrize("control", ["discrete", "continuous"])
def test_the_graph_is_the_network_and_may_be_played(plan: Plan, tmp_path: Path, control: str) -> None:
    plan = replace(plan, settings={"control": control}, hyperparameters=replace(plan.hyperparameters, hidden=16))
    (role,) = worlds.spec(plan.world).roles(worlds.make_batch(plan.world, control=control).config)
    network = network_for(role)
    path = export.write_policy(tmp_path / "policy.zip", checkpoint_of(plan, network, tmp_path), role, "tiny")
    manifest, onnx_bytes = read(path)
    assert (manifest.world, manifest.role, manifest.signature) == ("lanes", "walker", role.signature())
    outputs = {name: (width,) for name, width in manifest.outputs}
    assert gates.check(onnx_bytes, {"observation": (role.observation_size,)}, outputs)["nodes"] < 20
    export.check(onnx_bytes, export.Acting(network), role)
    policy = agents.load(str(path), plan.world, "walker", **plan.settings)
    (episode,) = play(plan.world, {"walker": policy}, [3], tmp_path / "played", config=plan.settings)
    assert episode.is_file()


def test_a_graph_that_is_not_the_network_is_refused(plan: Plan) -> None:
    (role,) = worlds.spec(plan.world).roles(worlds.make_batch(plan.world).config)
    network = network_for(role)
    onnx_bytes = export.to_onnx(network, role)
    with torch.no_grad():
        network.normalise.mean += np.float32(0.01)
    with pytest.raises(ArithmeticError, match="differs"):
        export.check(onnx_bytes, export.Acting(network), role)
