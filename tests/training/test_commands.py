"""``avatarium train`` as a person uses it: from a name to a judged policy, stopped and resumed, and told off."""

import json
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SMALL = ["--envs", "16", "--seed", "3"]
SMALL += [word for name in ("fragment=20", "epochs=2", "minibatch=160", "lr=0.005", "hidden=16") for word in ("--train", name)]


def iterations(run: Path) -> list[int]:
    return [json.loads(line)["iteration"] for line in (run / "history.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("ray_running")
def test_from_a_name_to_a_judged_policy(train: Callable[..., Any], tmp_path: Path) -> None:
    done = train("lanes:WORLD", "--steps", "12000", "--evaluate", "4", *SMALL)
    assert (done.code, done.err) == (0, "")
    folder = tmp_path / "runs" / "lanes-1"
    for name in ("policy.zip", "card.md", "curve.png", "replay.avt", "history.jsonl", "tensorboard"):
        assert (folder / name).exists()
        assert name == "history.jsonl" or f"runs/lanes-1/{name}" in done.out
    assert "lanes 100%  return" in done.out
    assert [line.split()[3] for line in done.out.splitlines() if "│" in line] == ["trained", "random"]
    points = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert points[-1]["decisions"] >= 12000 > points[-2]["decisions"]
    assert points[-1]["return"] > 0.7
    card = (folder / "card.md").read_text()
    assert card.startswith("# lanes-1\n\nFor lanes version 1: `policy.zip` for the role walker.\n")
    assert "walker, fresh levels, 4 episodes" in card
    assert f"- experience: {points[-1]['decisions']:,} decisions in " in card
    assert shlex.join(["avatarium", "train", "lanes:WORLD", "--steps", "12000", "--seed", "3"]) in card
    assert train("--resume", "runs/lanes-1", "--steps", "13000", "--evaluate", "0", "--quiet") == (0, "", "")
    assert "It was not judged: `avatarium evaluate lanes:WORLD policy.zip` compares" in (folder / "card.md").read_text()


@pytest.mark.usefixtures("ray_running")
def test_who_stops_it_finds_it_saved_and_goes_on(training: Callable[..., Any], train: Callable[..., Any], tmp_path: Path) -> None:
    """Twice: by Ctrl-C, which reaches all processes of a terminal's group, runners too, and by a request to end to the driver alone."""
    run = tmp_path / "run"
    begun = training(run, "lanes:WORLD", "--minutes", "5", "--out", "run", "--evaluate", "0", "--runners", "1", *SMALL)
    for stop, number, words in ((os.killpg, signal.SIGINT, ()), (os.kill, signal.SIGTERM, ("--runners", "0"))):
        one = training(run, "--resume", "run", "--evaluate", "0", *words) if words else begun
        before = len(one.points())
        one.wait_until(lambda one=one, before=before: len(one.points()) > before + 3)
        stop(one.process.pid, number)
        told, complaints = one.process.communicate(timeout=120)
        assert (one.process.returncode, complaints) == (130, "")
        assert f"saved in run/checkpoints/{len(one.points()):06d}; go on with: avatarium train --resume run" in told
        assert one.left_behind(seconds=5) == {}
    done = len(iterations(run))
    assert train("--resume", "run", "--steps", str((done + 2) * 640), "--evaluate", "0", "--quiet").code == 0
    assert iterations(run) == list(range(1, done + 3))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["wayfindin"], "there is no world 'wayfindin': did you mean 'wayfinding'?"),
        (["wayfinding", "--set", "walkers=99"], "setting 'walkers' is 99, but it has to lie between 1 and 16"),
        (["--resume", "nowhere"], "there is no checkpoint in nowhere: give the folder of a run, such as runs/wayfinding-1"),
        (["wayfinding", "--evaluate", "-1"], "--evaluate -1 is negative: give a number of episodes, or 0 for no evaluation"),
        (["wayfinding", "--minutes", "soon"], "argument --minutes: invalid float value: 'soon' (see avatarium train --help)"),
    ],
)
def test_mistakes_get_one_sentence_and_exit_code_2(train: Callable[..., Any], tmp_path: Path, words: list[str], complaint: str) -> None:
    assert train(*words) == (2, "", f"avatarium: {complaint}\n")
    assert not list(tmp_path.iterdir())


def test_hyperparameters_are_listed(train: Callable[..., Any]) -> None:
    done = train("wayfinding", "--train", "help")
    assert done.code == 0
    assert "learning rate at the start" in done.out
