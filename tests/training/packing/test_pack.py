"""What is packed says what it is, does what its source does, and has passed the leaderboard's check; or nothing is written."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.agents import archive
from avatarium.training.packing import sources
from avatarium.training.run import checkpoint
from avatarium.training.run.checkpoint import Progress
from avatarium.training.run.direction import Direction
from avatarium.training.run.plan import Plan
from avatarium.worlds import UserError
from avatarium.worlds.cli import main

LANES = ("--world", "lanes:WORLD")
SEEN = np.random.default_rng(5).uniform(-1, 1, (9, 3)).astype(np.float32)
Packing = Callable[..., str]


def test_a_module_becomes_a_submission(pack: Packing, nets: Any, opened: Any, tmp_path: Path) -> None:
    torch.save(nets.Small().state_dict(), "weights.pt")
    words = ("--name", "walks", "--author", "Ada", "--licence", "CC0", "--data", "nothing", "--parent", "a" * 64, "--sampling", "greedy")
    told = pack("mynets:Small", *LANES, "--weights", "weights.pt", *words)
    assert "accepted" in told and "difference" in told and "policy.zip" in told and "pickle" not in told
    manifest, policy = opened(tmp_path / "policy.zip")
    assert (manifest.name, manifest.author, manifest.licence, manifest.training_data) == ("walks", "Ada", "CC0", "nothing")
    assert (manifest.world, manifest.role, manifest.actions, manifest.parent) == ("lanes", "walker", (3, 2), "a" * 64)
    assert (manifest.sampling, manifest.recurrent, manifest.value) == ("greedy", (), False)
    module = nets.Small().eval()
    module.load_state_dict(torch.load("weights.pt"))
    assert policy.infer((SEEN,))[0] == pytest.approx(module(torch.from_numpy(SEEN)).detach().numpy(), abs=1e-5)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_memory_and_a_value_are_found(pack: Packing, nets: Any, opened: Any, tmp_path: Path) -> None:
    pack("mynets:Remembering", *LANES, "--out", "sub/remembering.zip")
    manifest, policy = opened(tmp_path / "sub" / "remembering.zip")
    assert [(state.name, state.shape) for state in manifest.recurrent] == [("hidden", (2, 8))]
    assert manifest.value and manifest.name == "Remembering"
    assert len(policy.infer((SEEN, *policy.initial_state(9)))) == 3


def test_continuous_control_and_settings(pack: Packing, nets: Any, opened: Any, tmp_path: Path) -> None:
    """What the role needs in order to be what it is stands in the manifest; what it does not need does not."""
    pack("mynets:Smooth", *LANES, "--set", "control=continuous", "--set", "pace=0.2", "--no-check")
    manifest, policy = opened(tmp_path / "policy.zip")
    assert (manifest.controls, manifest.actions, manifest.settings) == (2, (), {"control": "continuous"})
    assert policy.infer((SEEN,))[1] == pytest.approx(-1.0)


def test_the_parent_may_be_a_file(pack: Packing, nets: Any, opened: Any, tmp_path: Path) -> None:
    pack("mynets:fixed", *LANES, "--out", "parent.zip", "--no-check")
    pack("mynets:fixed", *LANES, "--out", "child.zip", "--parent", "parent.zip", "--no-check")
    manifest, _ = opened(tmp_path / "child.zip")
    assert manifest.parent and len(manifest.parent) == 64


def run_of(plan: Plan, playing: Any, folder: Path) -> Path:
    """The folder of a run with one checkpoint."""
    h = plan.hyperparameters
    settled = playing(core=h.network, **plan.settings)
    modules = {"walker": {f"network.{name}": part.numpy() for name, part in settled.network.state_dict().items()}}
    if plan.settings.get("callers"):
        modules["caller"] = modules["walker"]
    checkpoint.save(folder / "checkpoints", plan, Progress(decisions=640), {"rl_module": modules, "optimizer": {}}, Direction(plan))
    return folder


@pytest.fixture
def run(plan: Plan, playing: Any, tmp_path: Path) -> Path:
    small = replace(plan, hyperparameters=replace(plan.hyperparameters, hidden=16, units=12, network="gru"))
    return run_of(small, playing, tmp_path / "runs" / "lanes-1")


def test_a_run_knows_its_world_and_what_it_learnt_from(pack: Packing, run: Path, opened: Any, tmp_path: Path) -> None:
    told = pack(str(run))
    assert "accepted" in told and "pickle" not in told
    manifest, _ = opened(tmp_path / "policy.zip")
    assert (manifest.name, manifest.world, manifest.value) == ("lanes-1", "lanes", True)
    assert manifest.training_data.startswith("640 decisions (ppo, gru)")
    (folder,) = (run / "checkpoints").iterdir()
    assert sources.find(str(folder)) is sources.find(str(run))


def test_a_run_belongs_to_its_world(pack: Packing, run: Path) -> None:
    with pytest.raises(UserError, match="was trained in lanes, not in coordination"):
        pack(str(run), "--world", "coordination")
    with pytest.raises(UserError, match="leave --set out"):
        pack(str(run), "--set", "walkers=3")
    with pytest.raises(UserError, match="no policy for a role 'caller'"):
        pack(str(run), "--role", "caller")


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "no world": (("mynets:Small",), "for which world is mynets:Small"),
    "another world": (("mynets:Small", "--world", "coordination"), "mover and 0 states .* are --world, --role and --set"),
    "no role": (("mynets:Small", *LANES, "--set", "callers=1"), "has the roles walker, caller: say with --role"),
    "unknown role": (("mynets:Small", *LANES, "--role", "walke"), "did you mean 'walker'"),
    "unknown setting": (("mynets:Small", *LANES, "--set", "walker=3"), "did you mean 'walkers'"),
    "too few logits": (("mynets:Wide", *LANES), r"logits as float32 \[3, 4\] .* has to be float32 \[3, 5\]"),
    "not continuous": (("mynets:Small", *LANES, "--set", "control=continuous"), "returns 1 tensors, but .* mean, log_std, in this order"),
    "doubles": (("mynets:double", *LANES), "Double|double"),
    "no module": (("mynets:number", *LANES), "has to be a torch module"),
    "no attribute": (("mynets:Smal", *LANES), "has no 'Smal'"),
    "nothing there": (("runs/none", *LANES), "there is nothing at runs/none"),
    "pointless option": (("mynets:Small", *LANES, "--module", "x"), "--module says nothing to a torch module"),
    "bad parent": (("mynets:Small", *LANES, "--parent", "abc"), "64 hexadecimal digits"),
    "not a zip": (("mynets:Small", *LANES, "--out", "policy.onnx"), "does not end in .zip"),
    "no weights": (("mynets:Small", *LANES, "--weights", "none.pt"), "no file none.pt"),
    "others' world": (("mynets:Small", "--world", "mpe2.simple_spread_v3:parallel_env"), "environment of others"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_nothing_is_written(pack: Packing, nets: Any, tmp_path: Path, mistake: str) -> None:
    words, sentence = MISTAKES[mistake]
    with pytest.raises(UserError, match=sentence) as told:
        pack(*words)
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_fit(pack: Packing, nets: Any, tmp_path: Path) -> None:
    torch.save(nets.Small(), "whole.pt")
    with pytest.raises(UserError, match=r"save them with torch.save\(module.state_dict\(\)"):
        pack("mynets:Small", *LANES, "--weights", "whole.pt")
    torch.save(nets.Smooth().state_dict(), "other.pt")
    with pytest.raises(UserError, match=r"are not those of the module: .*Missing key"):
        pack("mynets:Small", *LANES, "--weights", "other.pt")
    with pytest.raises(UserError, match=r"give package.module:factory of the network, and --weights"):
        pack("other.pt", *LANES)


@pytest.mark.parametrize("name", ["Restless", "Endless"])
def test_a_module_that_the_graph_cannot_follow_is_refused(pack: Packing, nets: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="the graph differs from its source"):
        pack(f"mynets:{name}", *LANES)
    assert not (tmp_path / "policy.zip").exists()


def test_what_the_leaderboard_refuses_leaves_the_earlier_file(
    pack: Packing, nets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack("mynets:fixed", *LANES, "--no-check")
    before = (tmp_path / "policy.zip").read_bytes()
    monkeypatch.setattr(nets.Small, "forward", lambda self, seen: self.net(seen) * seen.sum())
    with pytest.raises(UserError, match=r"the leaderboard would refuse it .*depends on"):
        pack("mynets:fixed", *LANES)
    assert (tmp_path / "policy.zip").read_bytes() == before
    pack("mynets:fixed", *LANES, "--no-check")
    assert (tmp_path / "policy.zip").read_bytes() != before


def test_nothing_but_a_submission_is_written_over(pack: Packing, nets: Any, tmp_path: Path) -> None:
    Path("policy.zip").write_bytes(b"my thesis")
    with pytest.raises(UserError, match="is there already, and is no submission"):
        pack("mynets:Small", *LANES)
    assert Path("policy.zip").read_bytes() == b"my thesis"


def test_a_submission_is_told_to_be_one(pack: Packing, nets: Any) -> None:
    pack("mynets:Small", *LANES, "--no-check")
    with pytest.raises(UserError, match="is a submission already"):
        pack("policy.zip", *LANES)


def test_packing_twice_gives_the_same_bytes(pack: Packing, nets: Any) -> None:
    for name in ("one.zip", "two.zip"):
        pack("mynets:fixed", *LANES, "--no-check", "--out", name)
    assert Path("one.zip").read_bytes() == Path("two.zip").read_bytes()


def test_what_is_packed_can_be_judged(pack: Packing, nets: Any, tmp_path: Path) -> None:
    pack("mynets:Remembering", *LANES)
    archive.read(tmp_path / "policy.zip")
    assert main(["evaluate", "lanes:WORLD", "policy.zip", "random", "--episodes", "2"]) == 0
