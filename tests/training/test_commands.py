"""``avatarium train`` as a person uses it: from a name to a judged policy, stopped and resumed, and told off."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SMALL = ["--envs", "16", "--seed", "3"]
SMALL += [word for name in ("fragment=20", "epochs=2", "minibatch=160", "lr=0.005", "hidden=16") for word in ("--train", name)]


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from avatarium.worlds.cli import main; sys.exit(main(sys.argv[1:]))", "train", *words]


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": "150", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command(*words), cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=150)


def descendants(session: int) -> list[str]:
    """Commands of all processes that belong to a session of the operating system."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, fields = stat.read_text().rsplit(")", 1)
            if int(fields.split()[3]) == session and fields.split()[0] != "Z":
                found.append(name)
        except OSError:  # it has ended meanwhile
            continue
    return found


def test_from_a_name_to_a_judged_policy(tmp_path: Path) -> None:
    done = run(tmp_path, "lanes:WORLD", "--steps", "12000", "--evaluate", "4", *SMALL)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    folder = tmp_path / "runs" / "lanes-1"
    for name in ("policy.zip", "curve.png", "replay.avt", "history.jsonl", "tensorboard"):
        assert (folder / name).exists()
        assert name == "history.jsonl" or f"runs/lanes-1/{name}" in done.stdout
    assert "lanes 100%  return" in done.stdout
    assert [line.split()[3] for line in done.stdout.splitlines() if "│" in line] == ["trained", "random"]
    points = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert points[-1]["decisions"] >= 12000 > points[-2]["decisions"]
    assert points[-1]["return"] > 0.7
    quiet = run(tmp_path, "--resume", "runs/lanes-1", "--steps", "13000", "--evaluate", "0", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def interrupted(folder: Path, number: int, to_all: bool, *words: str) -> str:
    """Begin a run in ``folder``/run, stop it after a few updates, see that it saved and left nothing behind; returns what it printed."""
    words = ("lanes:WORLD", "--minutes", "5", "--out", "run", "--evaluate", "0", *SMALL, *words)
    process = subprocess.Popen(
        command(*words), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    history, deadline = folder / "run" / "history.jsonl", time.monotonic() + 90
    while time.monotonic() < deadline and not (history.exists() and len(history.read_text().splitlines()) > 3):
        time.sleep(0.2)
    (os.killpg if to_all else os.kill)(process.pid, number)
    told, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (130, "")
    deadline = time.monotonic() + 5
    while descendants(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert descendants(process.pid) == []
    return told


def test_ctrl_c_saves_ends_every_process_and_the_run_goes_on(tmp_path: Path) -> None:
    """Ctrl-C reaches all processes of the terminal's group."""
    told = interrupted(tmp_path, signal.SIGINT, True, "--runners", "1")
    assert "saved in run/checkpoints/" in told
    assert "go on with: avatarium train --resume run" in told
    history = tmp_path / "run" / "history.jsonl"
    before = len(history.read_text().splitlines())
    resumed = run(tmp_path, "--resume", "run", "--steps", str((before + 2) * 640), "--evaluate", "0", "--runners", "0")
    assert resumed.returncode == 0, resumed.stderr
    assert [json.loads(line)["iteration"] for line in history.read_text().splitlines()] == list(range(1, before + 3))


def test_a_request_to_end_saves_too(tmp_path: Path) -> None:
    assert "saved in run/checkpoints/" in interrupted(tmp_path, signal.SIGTERM, False)


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
def test_mistakes_get_one_sentence_and_exit_code_2(tmp_path: Path, words: list[str], complaint: str) -> None:
    done = run(tmp_path, *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"avatarium: {complaint}\n")
    assert not list(tmp_path.iterdir())


def test_hyperparameters_are_listed(tmp_path: Path) -> None:
    done = run(tmp_path, "wayfinding", "--train", "help")
    assert done.returncode == 0
    assert "learning rate at the start" in done.stdout
