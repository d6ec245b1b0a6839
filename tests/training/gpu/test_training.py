"""``avatarium train --device cuda``, with numba in place of a GPU, and what it says where that is not possible."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avatarium.training.cluster import gpus
from avatarium.training.cluster.machines import Machines
from avatarium.training.gpu.memory import enough_memory
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters, recipe_for
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.gpu import device

ON_GPU = Machines(device="cuda")
SMALL = ("--envs", "4", "--evaluate", "0", "--train", "fragment=16", "--train", "minibatch=128")


def train(*words: str | Path, simulated: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from avatarium.worlds.cli import main; sys.exit(main())", "train", *map(str, words)]
    env = os.environ | {"NUMBA_ENABLE_CUDASIM": str(int(simulated))}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)


def decisions(run: Path) -> list[int]:
    return [json.loads(line)["decisions"] for line in (run / "history.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("learners", ["0", "2"])
def test_a_run_learns_where_it_plays_and_can_be_resumed_on_a_cpu(tmp_path: Path, learners: str) -> None:
    run = tmp_path / "run"
    done = train("wayfinding", "--device", "cuda", "--learners", learners, "--steps", "1500", *SMALL, "--out", run)
    assert done.returncode == 0, done.stderr
    assert decisions(run) == [512, 1024, 1536]
    assert (run / "policy.zip").exists()
    if learners == "0":
        resumed = train("--resume", run, "--steps", "2500", "--evaluate", "0", simulated=False)
        assert resumed.returncode == 0, resumed.stderr
        assert decisions(run)[-1] == 2560


def test_every_recipe_has_environments_enough_for_a_gpu() -> None:
    here, there = (recipe_for("wayfinding").hyperparameters_on(device) for device in ("cpu", "cuda"))
    assert there.envs * there.fragment > 10 * here.envs * here.fragment
    assert there.lr == here.lr
    for world in ("memory", "museum", "gathering"):
        h = recipe_for(world).hyperparameters_on("cuda")
        assert h.network == "mlp" or h.fragment % h.sequence == 0


@pytest.mark.parametrize(
    ("plan", "what"),
    [
        (Plan("domination", {}, Hyperparameters(league=True)), "league"),
        (Plan("wayfinding", {}, Hyperparameters(), runners=2), "--runners"),
        (Plan("metasync", {}, Hyperparameters(algorithm="evolution")), "algorithm=evolution"),
        (Plan("gathering", {}, Hyperparameters(), minds={"guest": "random"}), "--mind"),
    ],
)
def test_what_needs_a_cpu_is_said_before_anything_starts(plan: Plan, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "SIMULATED", True)
    with pytest.raises(UserError, match=f"do without {what}, or leave out --device"):
        gpus.check(plan, ON_GPU)


def test_without_a_gpu_it_says_so(tmp_path: Path) -> None:
    done = train("wayfinding", "--device", "cuda", "--minutes", "1", "--out", tmp_path / "run", simulated=False)
    assert done.returncode == 2
    assert "leave out --device" in done.stderr
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_without_the_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'avatarium\[gpu\]'"):
        gpus.check(Plan("wayfinding", {}, Hyperparameters()), ON_GPU)


@pytest.mark.parametrize(
    "words", ["CUDA out of memory. Tried to allocate 20 MiB", "[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY"]
)
def test_a_full_gpu_is_told_in_a_sentence(words: str) -> None:
    with pytest.raises(UserError, match="take fewer --envs"), enough_memory():
        raise RuntimeError(words)
    with pytest.raises(RuntimeError, match="something else"), enough_memory():
        raise RuntimeError("something else")
