"""An exported policy computes what torch computes, passes the gates of the leaderboard, and plays; its memory ends with the episode."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium import agents, worlds
from avatarium.agents.exported import OnnxPolicy, read
from avatarium.agents.networks.acting import Acting
from avatarium.agents.play import play
from avatarium.leaderboards import gates
from avatarium.leaderboards.evaluate import evaluate
from avatarium.training.play import arena
from avatarium.training.play.minds import Frozen, Seated
from avatarium.training.run import export
from avatarium.training.run.candid import company
from avatarium.training.run.checkpoint import Checkpoint, Progress
from avatarium.training.run.plan import Plan
from avatarium.worlds.core.transcript import Transcript

Playing = Callable[..., Any]
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "mlp": ({}, {}),
    "lstm": ({"network": "lstm"}, {}),
    "gru": ({"network": "gru"}, {}),
    "continuous": ({}, {"control": "continuous"}),
    "central and curious": ({"algorithm": "mappo", "curiosity": "rnd"}, {}),
}


def checkpoint_of(plan: Plan, playing: Playing, folder: Path) -> tuple[Checkpoint, Any]:
    """A checkpoint whose walkers are moved by a network far from uniform, and that network."""
    h = plan.hyperparameters
    settled = playing(core=h.network, curiosity=h.curiosity, central=h.algorithm == "mappo", **plan.settings)
    weights = {f"network.{name}": part.numpy() for name, part in settled.network.state_dict().items()}
    return Checkpoint(folder, plan, Progress(decisions=640), {"walker": weights}, {}, {}, {}), settled


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_is_the_network_and_may_be_played(plan: Plan, playing: Playing, tmp_path: Path, kind: str) -> None:
    chosen, settings = KINDS[kind]
    plan = replace(plan, settings=settings, hyperparameters=replace(plan.hyperparameters, hidden=16, units=12, **chosen))
    found, settled = checkpoint_of(plan, playing, tmp_path)
    path = export.write_policy(tmp_path / "policy.zip", found, settled.role, "tiny")
    manifest, onnx_bytes = read(path)
    assert (manifest.world, manifest.role, manifest.signature) == ("lanes", "walker", settled.role.signature())
    states = {"lstm": ["hidden", "cell"], "gru": ["hidden"]}.get(plan.hyperparameters.network, [])
    assert [(state.name, state.shape) for state in manifest.recurrent] == [(name, (12,)) for name in states]
    assert manifest.training_data.startswith(f"640 decisions ({plan.hyperparameters.algorithm}, {plan.hyperparameters.network}")
    export.check(onnx_bytes, Acting(settled.network, settled.role), settled.role)
    inputs = {"observation": (3,)} | {f"state_in_{name}": (12,) for name in states}
    outputs = {name: (width,) for name, width in manifest.outputs} | {f"state_out_{name}": (12,) for name in states}
    assert gates.check(onnx_bytes, inputs, outputs)["nodes"] < 60
    policy = agents.load(str(path), plan.world, "walker", **plan.settings)
    (episode,) = play(plan.world, {"walker": policy}, [3], tmp_path / "played", config=plan.settings)
    assert episode.is_file()


@pytest.mark.parametrize("core", ["lstm", "gru"])
def test_an_exported_memory_is_torch_s_and_begins_anew_with_each_episode(plan: Plan, playing: Playing, tmp_path: Path, core: str) -> None:
    """What torch does in a world, in the seat of a mind that does not learn, the graph does in an episode of its own, greedily."""
    plan = replace(plan, settings={"episode_steps": 9}, hyperparameters=replace(plan.hyperparameters, hidden=16, units=12, network=core))
    found, settled = checkpoint_of(plan, playing, tmp_path)
    path = export.write_policy(tmp_path / "policy.zip", found, settled.role, "tiny")
    manifest, onnx_bytes = read(path)
    policy = OnnxPolicy(replace(manifest, sampling="greedy"), onnx_bytes)
    told = [Transcript.open(t) for t in play(plan.world, {"walker": policy}, [1, 2], tmp_path / "played", config=plan.settings)]
    for seed, transcript in zip((1, 2), told, strict=True):
        batch = worlds.make_batch(plan.world, num_envs=1, autoreset=False, **plan.settings)
        batch.reset([seed])
        seat = Seated(batch, "walker", Frozen("frozen", settled.network, settled.role, greedy=True), origin=1)
        for t in range(9):
            actions = seat.act(t).reshape(1, 2, 2)
            assert np.array_equal(transcript.actions(t)["walker"].reshape(1, 2, 2), actions)
            batch.step({"walker": actions})


def test_a_policy_with_memory_is_judged_in_the_sandbox(plan: Plan, playing: Playing, tmp_path: Path) -> None:
    """The same episodes as in this process, one after the other or at once: nothing is carried from one into the next."""
    plan = replace(plan, settings={"episode_steps": 9}, hyperparameters=replace(plan.hyperparameters, hidden=16, units=12, network="lstm"))
    found, settled = checkpoint_of(plan, playing, tmp_path)
    path = str(export.write_policy(tmp_path / "policy.zip", found, settled.role, "tiny"))
    policy = agents.load(path, plan.world, "walker", **plan.settings)
    here = [play(plan.world, {"walker": policy}, [seed], tmp_path / f"{seed}", config=plan.settings)[0] for seed in (3, 4, 5)]
    (result,) = evaluate(plan.world, {"tiny": path}, [3, 4, 5], plan.settings, tmp_path / "judged")
    assert not result.faults
    for one, other in zip(here, result.transcripts, strict=True):
        rewards = (Transcript.open(transcript).rewards["walker"] for transcript in (one, other))
        assert np.array_equal(*rewards)


@pytest.mark.parametrize(("core", "control"), [("mlp", "discrete"), ("lstm", "discrete"), ("mlp", "continuous")])
def test_a_policy_tells_what_its_critic_expects(plan: Plan, playing: Playing, tmp_path: Path, core: str, control: str) -> None:
    """Here and in the sandbox, what torch says in the trainer."""
    h = replace(plan.hyperparameters, hidden=16, units=12, network=core)
    plan = replace(plan, settings={"episode_steps": 9, "control": control}, hyperparameters=h)
    found, settled = checkpoint_of(plan, playing, tmp_path)
    weights = {"walker": {name: part.numpy() for name, part in settled.module.state_dict().items()}}
    path = str(export.write_policy(tmp_path / "policy.zip", found, settled.role, "tiny"))
    (judged,) = evaluate(plan.world, {"tiny": path}, [3], plan.settings, tmp_path / "judged")
    seats = {"onnx": {"walker": agents.load(path, plan.world, "walker", **plan.settings)}, "torch": company(plan, weights, "tiny")}
    told = {name: Transcript.open(play(plan.world, seat, [3], tmp_path / name, plan.settings)[0]) for name, seat in seats.items()}
    told["sandbox"] = Transcript.open(judged.transcripts[0])
    for transcript in told.values():
        readouts, expected = transcript.readouts["walker"], told["torch"].readouts["walker"]
        assert set(readouts) == {"value", "entropy"} and np.ptp(readouts["value"]) > 0.01
        assert readouts["value"] == pytest.approx(expected["value"], abs=1e-4)
        assert readouts["entropy"] == pytest.approx(expected["entropy"], abs=1e-4)


def test_a_central_critic_cannot_be_told(plan: Plan, playing: Playing, tmp_path: Path) -> None:
    plan = replace(plan, hyperparameters=replace(plan.hyperparameters, hidden=16, algorithm="mappo"))
    found, settled = checkpoint_of(plan, playing, tmp_path)
    manifest, _ = read(export.write_policy(tmp_path / "policy.zip", found, settled.role, "tiny"))
    assert not manifest.value and '"value"' not in manifest.to_json()


@pytest.mark.parametrize("core", ["mlp", "gru"])
def test_a_graph_that_is_not_the_network_is_refused(playing: Playing, core: str) -> None:
    settled = playing(core=core)
    onnx_bytes = export.to_onnx(settled.network, settled.role)
    with torch.no_grad():
        settled.network.normalise.mean += 0.05
    with pytest.raises(ArithmeticError, match="differs"):
        export.check(onnx_bytes, Acting(settled.network, settled.role), settled.role)


def test_a_memory_that_goes_wrong_is_noticed(playing: Playing) -> None:
    """The outputs of the first step are right: only later ones tell."""
    settled = playing(core="gru")
    onnx_bytes = export.to_onnx(settled.network, settled.role)
    with torch.no_grad():
        settled.network.core.state_weight *= 1.5
    with pytest.raises(ArithmeticError, match="differs"):
        export.check(onnx_bytes, Acting(settled.network, settled.role), settled.role)


def test_a_policy_says_which_settings_its_role_needs() -> None:
    here = arena.find("domination", {"command": "commander", "team": 3, "walls": 10, "stretch": 1.3})
    assert export.needed(here, here.roles["blue"]) == {"command": "commander", "team": 3}
    usual = arena.find("domination", {"command": "soldier", "walls": 10})
    assert export.needed(usual, usual.roles["red"]) == {}
