"""The arithmetic of the benchmark of training, the plain loop beside which it stands, and what README quotes of it. Never the speed."""

import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from avatarium.agents.networks import heads
from avatarium.training.bench import contenders, report, rounds, suite
from avatarium.training.bench.contenders import Contender
from avatarium.training.bench.rounds import Ratio, Window
from avatarium.training.bench.suite import Comparison, Pace, Section
from avatarium.training.bench.tight import Loop, RecurrentLoop
from avatarium.training.bench.workload import BUILDING, LIGHT, MEMORY, Workload
from avatarium.training.run import engine

TINY = replace(LIGHT, hyperparameters=replace(LIGHT.hyperparameters, envs=2, minibatch=128, epochs=1))
REPOSITORY = Path(__file__).resolve().parents[2]


class Clock:
    """Time that passes only when somebody works."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.closed: list[str] = []
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(rounds, "cpu_seconds", lambda contender: 2 * self.now)

    def worker(self, name: str, seconds: float, afterwards: float = 0.0) -> Contender:
        """Takes so many seconds for a batch of 100, and some for what it does ahead."""

        def work(spent: float) -> int:
            self.now += spent
            return 100

        return Contender(name, lambda: work(seconds), lambda: (work(afterwards), None)[1], lambda: self.closed.append(name))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_turn_has_whole_batches_and_pays_for_what_goes_on_ahead(clock: Clock) -> None:
    assert rounds.turn(clock.worker("a", 2.0, afterwards=1.0), 3.0) == Window(200, 5.0, 10.0)
    assert rounds.turn(clock.worker("a", 2.0), 0.0) == Window(100, 2.0, 4.0)


def test_a_ratio_is_of_windows_of_the_same_round() -> None:
    ours = [Window(100, 1.0, 4.0), Window(10, 1.0, 0.4), Window(60, 1.0, 2.0)]
    theirs = [Window(50, 1.0, 1.0), Window(2, 1.0, 0.1), Window(20, 1.0, 1.0)]
    assert rounds.ratio(ours, theirs) == Ratio(3.0, 2.0, 5.0, pytest.approx(1.25))


def test_the_fastest_takes_part_and_the_others_are_closed(clock: Clock) -> None:
    tried: list[str] = []
    makers = [lambda n=n, s=s: clock.worker(n, s) for n, s in (("b", 2.0), ("a", 1.0), ("c", 4.0))]
    assert rounds.fastest(makers, 4.0, lambda name, window: tried.append(name)).name == "a"
    assert (tried, clock.closed) == (["b", "a", "c"], ["b", "c"])


def rows_of(clock: Clock) -> list[suite.Row]:
    """Rows of two contenders, one of which is twice as fast."""
    makers = {"fast": (lambda: clock.worker("F", 1.0),), "slow": (lambda: clock.worker("S", 2.0),)}
    comparisons = Comparison("ratio_a", "beside slow", "fast", "slow", 1.5), Comparison("ratio_b", "the wrong way", "slow", "fast")
    return suite.run(Pace(rounds=3, seconds=4.0), lambda text: None, [Section(TINY, makers, comparisons, slow=("slow",))])


def test_everybody_has_a_turn_in_every_round(clock: Clock) -> None:
    one, two = rows_of(clock)
    assert (one.ratio.median, two.ratio.median, one.our_rate, one.their_rate) == (2.0, 0.5, 100.0, 50.0)
    assert [w.agent_steps for w in one.our_windows] == [400] * 3
    assert [w.agent_steps for w in one.their_windows] == [400] * 3  # it has twice the time
    assert sorted(clock.closed) == ["F", "S"]


def test_figures_are_written_as_json_markdown_and_a_picture(clock: Clock, tmp_path: Path) -> None:
    rows = rows_of(clock)
    files = report.write(rows, Pace(), (0.5, 1.5), tmp_path / "deep" / "figures.json")
    assert [file.suffix for file in files] == [".json", ".md", ".png"]
    told = json.loads(files[0].read_text())
    assert (told["ratio_a"], told["ratio_b"], told["machine"]["load_after"]) == (2.0, 0.5, 1.5)
    assert told["settings"]["MLP 64×64"]["batch"] == 16_384
    lines = files[1].read_text().splitlines()
    assert lines[2] == "| MLP 64×64: beside slow | 100 | 50 | 2.0 (2.0 – 2.0) | 2.0 | ≥ 1.5 |"
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1
    assert files[2].stat().st_size > 5_000


@pytest.mark.parametrize("workload", [LIGHT, MEMORY, BUILDING])
def test_everybody_has_the_same_batch(workload: Workload) -> None:
    h = workload.hyperparameters
    assert workload.agent_steps == 16_384
    for maker in suite.stocks(workload, lambda work, setting: setting, quick=False):  # type: ignore[arg-type,return-value]
        setting: Any = maker()
        config = contenders.stock_config(workload, setting)
        played = config.rollout_fragment_length * setting.envs * max(setting.runners, 1)
        assert played == config.train_batch_size_per_learner == h.envs * h.fragment
        assert (config.minibatch_size, config.num_epochs, config.lr) == (h.minibatch, h.epochs, h.lr)


def test_a_batch_has_as_many_decisions_as_its_shape_says(ray_running: None) -> None:
    algorithm = engine.config_for(TINY.plan(ahead=False, learner_threads=1)).build_algo()
    (batch,) = algorithm.env_runner_group.local_env_runner.sample()
    algorithm.stop()
    assert batch.agent_steps == TINY.agent_steps == Loop(TINY).iterate()


@pytest.mark.parametrize(("loop", "workload"), [(Loop, LIGHT), (RecurrentLoop, MEMORY)])
def test_the_plain_loop_learns_from_what_it_did(loop: type[Loop], workload: Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every decision once per epoch, and, before the first step, under the probabilities with which it was taken."""
    h = replace(workload.hyperparameters, envs=4, minibatch=256, epochs=1)
    made, seen = loop(replace(workload, hyperparameters=h)), []

    def descend(logits: torch.Tensor, values: torch.Tensor, actions: torch.Tensor, old: torch.Tensor, *_: torch.Tensor) -> None:
        seen.append((heads.discrete(logits, made.choices.tolist(), actions)[0] - old).detach())

    monkeypatch.setattr(made, "descend", descend)
    with torch.no_grad():
        made.network.actor[-1].weight *= 100.0  # type: ignore[union-attr,index,operator]
    for _ in range(2):
        assert made.iterate() == 4 * 64 * 4
    assert sum(part.numel() for part in seen) == 2 * 4 * 64 * 4
    assert max(float(part.abs().max()) for part in seen) < 1e-4


def test_the_plain_loop_learns() -> None:
    torch.manual_seed(0)
    made = Loop(replace(LIGHT, hyperparameters=replace(LIGHT.hyperparameters, envs=16, minibatch=512)))
    found = []
    for _ in range(30):
        made.iterate()
        found.append(float(made.rewards.mean()))
    assert sum(found[-5:]) / 5 > 0.002 > 0.001 > sum(found[:5]) / 5  # paid for coming nearer, and random play does not come nearer


def test_readme_quotes_the_rows_that_the_benchmark_prints() -> None:
    text = (REPOSITORY / "README.md").read_text()
    quoted = text.split("<!-- avatarium bench training -->")[1].split("<!-- end -->")[0].strip().splitlines()
    assert quoted[0] == f"| {' | '.join(report.HEADINGS)} |"
    assert [line.split(" | ")[0].removeprefix("| ") for line in quoted[2:]] == list(suite.titles().values())


def test_the_command_measures_everything(tmp_path: Path) -> None:
    """In small batches and short turns; in a process of its own, because it starts Ray."""
    file = tmp_path / "figures.json"
    program = "import sys; from avatarium.worlds.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", program, "bench", "training", "--quick", "--json", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "160"})
    assert done.returncode == 0, done.stderr
    told = json.loads(file.read_text())
    assert [row["key"] for row in told["rows"]] == list(suite.titles())
    assert all(told[key] > 0 for key in suite.titles())
    for row, which in itertools.product(told["rows"], ("our_windows", "their_windows")):
        assert len(row[which]) == 2
        assert all(window["cpu_seconds"] > 0 for window in row[which])
    assert all(title in done.stdout for title in suite.titles().values())
