"""Checkpoints come back as they were, a run goes on where it stopped, and neither needs Ray to be read."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.run import checkpoint, engine, session
from avatarium.training.run.checkpoint import Progress
from avatarium.training.run.direction import Direction
from avatarium.training.run.plan import Plan
from avatarium.training.run.progress import Silence
from avatarium.worlds import UserError


def assert_equal(one: Any, two: Any, where: str = "state") -> None:
    """Nested dicts of arrays are the same."""
    if isinstance(one, dict):
        assert {str(k) for k in one} == {str(k) for k in two}, where
        for key, value in one.items():
            assert_equal(value, two[key], f"{where}/{key}")
    else:
        assert np.array_equal(np.asarray(one), np.asarray(two)), where


def trained(plan: Plan, iterations: int) -> BatchedPPO:
    algorithm: BatchedPPO = engine.config_for(plan).build_algo()
    for _ in range(iterations):
        algorithm.train()
    return algorithm


def saved_to(folder: Path, plan: Plan, progress: Progress, state: dict[str, Any]) -> Path:
    return checkpoint.save(folder / "checkpoints", plan, progress, state, Direction(plan))


@pytest.fixture(scope="module")
def state(ray_running: None, plan: Plan) -> dict[str, Any]:
    """What a learner knows after an update."""
    return engine.learner_state(trained(plan, 1))


@pytest.fixture
def saved(state: dict[str, Any], plan: Plan, tmp_path: Path) -> Path:
    return saved_to(tmp_path, plan, Progress(3, 960, 1920, 1.5), state)


@pytest.fixture(scope="module")
def rich(plan: Plan) -> Plan:
    """Two modules with memory, each with a central critic and two bonuses, of which one learns."""
    changes = {"network": "gru", "units": 8, "sequence": 10, "algorithm": "mappo", "curiosity": "rnd+counts"}
    return replace(plan, settings={"callers": 1}, hyperparameters=replace(plan.hyperparameters, **changes))


@pytest.mark.parametrize("kind", ["plain", "rich"])
def test_weights_optimisers_and_counters_come_back(ray_running: None, request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    plan: Plan = request.getfixturevalue("plan" if kind == "plain" else kind)
    algorithm = trained(plan, 3)
    before = engine.learner_state(algorithm)
    assert len(before["optimizer"]) == (1 if kind == "plain" else 4)
    saved_to(tmp_path, plan, Progress(3, 960, 1920, 1.5), before)
    found = checkpoint.load(tmp_path)
    assert (found.plan, found.progress) == (plan, Progress(3, 960, 1920, 1.5))
    fresh: BatchedPPO = engine.config_for(replace(plan, seed=5)).build_algo()
    engine.restore(fresh, found)
    after = engine.learner_state(fresh)
    assert_equal(before["rl_module"], after["rl_module"])
    for name, memory in before["optimizer"].items():
        assert_equal(memory["state"]["state"], after["optimizer"][name]["state"]["state"])
    learner = algorithm.learner_group._learner
    gradient = {pid: torch.ones_like(p) for pid, p in learner._params.items()}
    learner.apply_gradients(gradient)
    twin = fresh.learner_group._learner
    twin.apply_gradients({pid: torch.ones_like(p) for pid, p in twin._params.items()})
    assert_equal(engine.learner_state(algorithm)["rl_module"], engine.learner_state(fresh)["rl_module"])
    fresh.train()
    assert fresh._env_steps() == 960 + 16 * 20


@pytest.mark.parametrize("kind", ["plain", "rich"])
def test_a_resumed_run_goes_on_with_its_curve(ray_running: None, request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    plan: Plan = request.getfixturevalue("plan" if kind == "plain" else kind)
    decisions = 16 * 20 * (2 if kind == "plain" else 3)
    half, whole = replace(plan, steps=3 * decisions), replace(plan, steps=6 * decisions)
    first = session.train(half, tmp_path, Silence())
    second = session.train(whole, tmp_path, Silence(), checkpoint.load(first.checkpoint))
    found = checkpoint.load(second.checkpoint)
    assert found.progress.iteration == 6
    assert found.progress.decisions == 6 * decisions
    points = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [point["iteration"] for point in points] == [1, 2, 3, 4, 5, 6]
    assert points[3]["seconds"] > points[2]["seconds"]
    assert [point["lr_scale"] for point in points[3:]] == pytest.approx([1 - 0.95 * k / 6 for k in (3, 4, 5)])
    assert len(list((tmp_path / "tensorboard").iterdir())) == 2
    seen = {name: module["network.normalise.count"] for name, module in found.modules.items()}
    assert seen == {name: 6 * 16 * 20 * role.count for name, role in found.roles.items()}  # statistics went on too


def test_a_network_is_read_without_ray(saved: Path) -> None:
    program = (
        "import sys; sys.modules['ray'] = None\n"
        "import torch\nfrom pathlib import Path\nfrom avatarium.training.run import checkpoint\n"
        "network = checkpoint.load(Path(sys.argv[1])).network('walker')\n"
        "print(tuple(network.act(torch.zeros(4, 3))[0].shape))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(saved)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(4, 5)", done.stderr


def test_only_the_latest_checkpoints_stay(state: dict[str, Any], plan: Plan, tmp_path: Path) -> None:
    for iteration in (1, 2, 3, 11):
        saved_to(tmp_path, plan, Progress(iteration), state)
    assert [p.name for p in sorted((tmp_path / "checkpoints").iterdir())] == ["000003", "000011"]
    assert checkpoint.load(tmp_path).progress.iteration == 11


def test_a_checkpoint_that_cannot_be_written_leaves_the_others_alone(saved: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    state = {"rl_module": {"walker": {"x": np.zeros(3)}}, "optimizer": {}}
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(UserError, match="No space left on device"):
        saved_to(saved.parent.parent, plan, Progress(99), state)
    monkeypatch.undo()
    assert checkpoint.load(saved.parent.parent).folder == saved


def test_what_cannot_be_resumed_is_explained(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no checkpoint in"):
        checkpoint.load(tmp_path / "nowhere")
    manifest = saved / "manifest.json"
    found = json.loads(manifest.read_text())
    older = {name: value for name, value in found["plan"].items() if name != "world"}
    for change, complaint in [
        ({"schema": 99}, "schema 99"),
        ({"schema": 1}, "schema 1; this version of Avatarium reads schema 2"),
        ({"plan": older}, "cannot be read: its plan has .*'world'"),
        ({"plan": found["plan"] | {"wings": 2}}, "cannot be read: its plan has .*'wings'"),
        ({"plan": found["plan"] | {"hyperparameters": {"lrr": 1}}}, "did you mean 'lr'"),
        ({"world_version": 7}, "version 7"),
        ({"signatures": {}}, "other observations"),
    ]:
        manifest.write_text(json.dumps(found | change))
        with pytest.raises(UserError, match=complaint):
            checkpoint.load(saved)
    manifest.write_text(json.dumps(found))
    (saved / "state.npz").write_bytes((saved / "state.npz").read_bytes()[:200])
    with pytest.raises(UserError, match="cannot be read"):
        checkpoint.load(saved)
    shutil.rmtree(saved)
