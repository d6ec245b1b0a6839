"""The benchmark of a GPU, as far as it can be tested without one: its arithmetic, what it runs, and all of it in the simulator of CUDA."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from numba import cuda

from avatarium import worlds
from avatarium.training.bench.gpu import figures, learning, machine, report, roofline
from avatarium.training.bench.gpu.figures import SHORT, Pace, Row
from avatarium.training.bench.gpu.learning import KINDS, Trained, trained
from avatarium.training.bench.gpu.report import Report
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.gpu import device

SIMULATED = Path(__file__).with_name("outside") / "gpu_bench_simulated.py"
NO_CUDA = importlib.util.find_spec("numba_cuda") is None


@pytest.mark.skipif(NO_CUDA, reason="numba-cuda is not installed")
def test_in_the_simulator() -> None:
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "COLUMNS": "160"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SIMULATED)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(NO_CUDA or cuda.is_available(), reason="there is a GPU, or numba-cuda is not installed")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "gpu"]) == 2
    assert device.MISSING in capsys.readouterr().err


def test_bytes_are_those_of_what_a_step_reads_and_writes() -> None:
    batch = worlds.make_batch("wayfinding", 2, walkers=3)
    batch.reset(1)
    sensed, terms = batch.roles["walker"].observation_size, 5
    avatar = batch.state.avatars.dtype.itemsize
    boxes = batch.state.plan.num_boxes.mean() * 17  # four sides and a kind
    expected = 4 * sensed + 4 * (1 + terms) + 2 + 2 * avatar + 4 * 2 + boxes / 3
    assert roofline.bytes_of(batch) == pytest.approx(expected)


def test_the_roofline_is_what_memory_allows() -> None:
    about = {"step_ms": 1.0, "step_ms_without_resets": 0.9, "starting_ms": 0.2}
    found = roofline.roofline(Row("k", "w", 1e8, "agent-steps", about=about), 2e12, {"walkers": 2})
    assert found.bound * found.bytes_each == pytest.approx(2e12)
    assert found.share == pytest.approx(1e8 / found.bound)


@pytest.mark.parametrize(
    ("step", "without", "starting", "share", "word"),
    [
        (1.0, 0.9, 0.1, 0.7, "memory"),
        (1.0, 0.9, 0.9, 0.1, "starting"),
        (1.0, 0.5, 0.1, 0.1, "resets: 50 %"),
        (1.0, 0.9, 0.1, 0.1, "the work"),
    ],
)
def test_what_limits_is_what_takes_the_time(step: float, without: float, starting: float, share: float, word: str) -> None:
    about = {"step_ms": step, "step_ms_without_resets": without, "starting_ms": starting}
    assert roofline.limit(about, share).startswith(word)


def point(seconds: float, success: float, spl: float, rate: float = 1e6) -> dict[str, float]:
    return {"seconds": seconds, "success": success, "SPL": spl, "decisions_per_second": rate}


def test_a_policy_is_good_when_it_stays_so() -> None:
    luck = [point(1, 0.99, 0.9), point(2, 0.1, 0.1), point(3, 0.95, 0.9), point(4, 0.95, 0.7)]
    skill = [point(k, 0.93, 0.80) for k in (5, 6, 7, 8)]
    assert Trained([*luck, *skill], 9.0).good_after_s == 7
    assert Trained([*luck, *skill[:2]], 9.0).good_after_s is None
    assert Trained([point(k, 0.99, 0.79) for k in range(9)], 9.0).good_after_s is None
    assert Trained([{"seconds": 1.0}] * 4, 9.0).good_after_s is None  # no journey has ended yet


def test_the_first_half_does_not_count() -> None:
    assert Trained([point(k, 0, 0, rate) for k, rate in enumerate((1.0, 2.0, 3.0, 4.0, 5.0))], 9.0).rates == (3.0, 4.0, 5.0)


def test_training_is_the_command_that_people_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        asked.append(command[3:])
        folder = Path(command[command.index("--out") + 1])
        folder.mkdir(parents=True)
        points = [point(k, 0.95, 0.85, 1e6 * k) for k in range(1, 5)]
        (folder / "history.jsonl").write_text("".join(json.dumps(one) + "\n" for one in points))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    rows = learning.measured(Pace(), lambda text: None)
    assert [(row.key, row.rate, row.reached) for row in rows] == [
        ("trained_per_s_mlp", 3.5e6, False),
        ("success_s", 3, True),
        ("trained_per_s_lstm", 3.5e6, True),
    ]
    assert all(words[:4] == ["train", "wayfinding", "--device", "cuda"] for words in asked)
    assert asked[0][-2:] == ["--minutes", "1.0"]
    assert asked[1][-6:] == ["--minutes", "0.5", *KINDS[1].words]
    learning.measured(figures.QUICK, lambda text: None)
    assert asked[2][-len(SHORT) :] == list(SHORT)
    assert "--minutes" not in asked[3]


def test_training_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"failed: .*--seed"):
        trained(["--seed", "none"], tmp_path / "run")


def test_memory_is_as_fast_as_its_clock_and_its_bus_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"compute_capability": (9, 0), "MULTIPROCESSOR_COUNT": 132, "MEMORY_CLOCK_RATE": 3_201_000, "GLOBAL_MEMORY_BUS_WIDTH": 6144}
    monkeypatch.setattr(device, "SIMULATED", False)
    monkeypatch.setattr(cuda, "get_current_device", lambda: SimpleNamespace(name="NVIDIA H200", uuid="GPU-0", **told))
    context = SimpleNamespace(get_memory_info=lambda: SimpleNamespace(free=1, total=150 << 30))
    monkeypatch.setattr(cuda, "current_context", lambda: context)
    monkeypatch.setenv("PATH", "")
    found = machine.facts()
    assert (found["name"], found["compute_capability"], found["memory_bytes"]) == ("NVIDIA H200", "9.0", 150 << 30)
    assert found["memory_bytes_per_s"] == pytest.approx(4.917e12, rel=1e-3)  # as its data sheet says


def test_the_driver_is_asked_by_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\ntest "$1" = --id=GPU-1 && echo "580.65, P0, 1980, 1980, 3201, 3201, 700.00, 700.00, 60"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert machine.told("GPU-1") | {"driver_version": "580.65", "temperature.gpu": "60"} == machine.told("GPU-1")
    assert machine.told("GPU-2") == {}
    monkeypatch.setenv("PATH", "")
    assert machine.told("GPU-1") == {}


def test_the_report_has_every_figure_and_what_was_never_reached(tmp_path: Path) -> None:
    slow, fast = (Row("agent_steps_per_s", "stepped", rate, "agent-steps", 5e7, (rate, 2 * rate)) for rate in (1e6, 6e7))
    never = Row("success_s", "until good", float("inf"), "s", 60.0)
    line = roofline.Roofline(1000.0, 4e12, 4e9, 0.015, "resets")
    found = Report({"name": "A GPU", "driver_version": "580"}, False, [*figures.best_last([fast, slow]), never], line, "", ["no training"])
    paths = report.write(found, tmp_path / "deep" / "gpu.json")
    told = json.loads(paths[0].read_text())
    assert (told["agent_steps_per_s"], told["success_s"], told["roofline"]["share"]) == (6e7, None, 0.015)
    assert [(row["best"], row["target"], row["reached"]) for row in told["rows"]] == [
        (False, None, None),
        (True, 5e7, True),
        (True, 60.0, False),
    ]
    lines = paths[1].read_text().splitlines()
    assert lines[0] == "A GPU, driver 580"
    assert lines[4:6] == ["| stepped |  | 60.00 M agent-steps | 60.00 M – 120.00 M | ≥ 50.00 M |", "| until good |  | never |  | < 60 s |"]
    assert "1,000 bytes an agent-step at 4,000 GB/s allow 4000.00 M agent-steps/s; 1.5 % of that is reached; limited by resets" in lines[7]
    assert lines[-1] == "no training"
