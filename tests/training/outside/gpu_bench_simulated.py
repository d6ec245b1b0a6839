"""What ``test_bench_gpu`` runs in a process of its own, in which numba stands in for a GPU."""

import json
from pathlib import Path

import pytest

from avatarium.training.bench.gpu import sameness, stepping
from avatarium.training.bench.gpu.figures import QUICK, Pace
from avatarium.training.bench.gpu.playing import Play, blocks_of
from avatarium.worlds.cli import main
from avatarium.worlds.gpu import device

assert device.SIMULATED


def test_the_command_measures_and_says_that_it_was_simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deep" / "gpu.json"
    assert main(["bench", "gpu", "--quick", "--only", "stepping", "views", "--json", str(file)]) == 0
    told, printed, markdown = json.loads(file.read_text()), capsys.readouterr().out, file.with_suffix(".md").read_text()
    assert told["simulated"] is True
    assert "simulator" in told["gpu"]["name"]
    assert [row["key"] for row in told["rows"]] == ["agent_steps_per_s", "views_per_s"]
    assert not {"agent_steps_per_s", "views_per_s"} & set(told)  # no figures
    assert (told["roofline"], told["difference"], told["failures"]) == (None, "", [])
    about = told["rows"][0]["about"]
    assert all(about[name] > 0 for name in ("step_ms", "step_ms_without_resets", "starting_ms"))
    for text in (printed, markdown):
        assert "SIMULATED: this shows that everything runs; nothing of it is the speed of a GPU" in text
        assert "the same bytes as on a CPU" in text
    assert markdown.splitlines()[4] == "| wayfinding, stepped | 2 environments, 32 threads | ran |  | ≥ 50.00 M |"


def test_a_gpu_that_differs_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    step = Play.step

    def wrong(play: Play) -> None:
        step(play)
        play.batch.rewards["walker"][1, 0] += 1

    monkeypatch.setattr(Play, "step", wrong)
    assert main(["bench", "gpu", "--quick", "--only", "stepping"]) == 1
    assert "NOT THE SAME BYTES: rewards.walker differs from that of a CPU after 1 steps" in capsys.readouterr().out


def test_nothing_is_measured_in_the_simulator(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "gpu"]) == 2
    assert "add --quick" in capsys.readouterr().err


def test_everybody_acts_at_random_and_episodes_end_at_all_times() -> None:
    play = Play(256, QUICK.settings)
    clock = device.fetch(play.batch.clock)
    assert len(set(clock.tolist())) > 40
    play.step()
    actions = play.batch.actions["walker"]
    assert [set(actions[..., head].flatten().tolist()) for head in (0, 1)] == [set(range(5)), set(range(3))]
    assert play.batch.ended.sum() == (clock == 49).sum() > 0
    assert not device.fetch(Play(8, QUICK.settings, spread=False).batch.clock).any()


def test_after_resets_bytes_are_the_same() -> None:
    play = Play(3, QUICK.settings)
    assert sameness.difference(play, 60) == ""
    assert device.fetch(play.batch.episodes.count).min() > 1


def test_blocks_are_as_large_as_asked_for() -> None:
    before = device.THREADS
    with blocks_of(96):
        assert device.THREADS == 96
    assert before == device.THREADS


def test_sizes_are_those_for_which_there_is_memory() -> None:
    assert stepping.fitting(Pace()) == [4096]  # of the simulator's 1 GiB
    assert stepping.fitting(Pace(envs=(1 << 20,))) == [1 << 20]
