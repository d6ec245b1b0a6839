"""The worked example of CONTRIBUTING.md does what it says: the files are taken from its pages, the commands are run on them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
FILE = re.compile(r"^#### `([\w./]+)`\n.*?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the repository with the example's package in it."""
    found = tmp_path_factory.mktemp("example")
    for name, text in FILE.findall(GUIDE.read_text()):
        path = found / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return found


def run(folder: Path, *words: str) -> str:
    """Run a command as a contributor does, in the folder of the example; returns what it prints."""
    environment = os.environ | {"PYTHONPATH": ".", "SDL_VIDEODRIVER": "dummy", "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def avatarium(folder: Path, *words: str) -> str:
    """Run an ``avatarium`` command there."""
    return run(folder, str(Path(sys.executable).with_name("avatarium")), *words)


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    """A run of a few training iterations, not enough to learn much."""
    pytest.importorskip("ray", reason="training needs avatarium[train]")
    avatarium(folder, "train", "berries:WORLD", "--steps", "20000", "--envs", "16", "--evaluate", "2", "--out", "runs/berries")
    return folder / "runs" / "berries"


def test_the_files_are_there(folder: Path) -> None:
    names = {"__init__", "config", "heuristic", "level", "observe", "rules", "scene", "sights", "state"}
    assert {path.stem for path in (folder / "berries").glob("*.py")} == names


def test_the_world_passes_the_checks(folder: Path) -> None:
    line = next(line for line in GUIDE.read_text().splitlines() if line.startswith('python -c "'))
    run(folder, sys.executable, "-c", line.removeprefix('python -c "').removesuffix('"'))


def test_its_card_is_printed(folder: Path) -> None:
    assert "the berry came nearer" in avatarium(folder, "worlds", "berries:WORLD")


def test_its_pickers_see_the_berry(folder: Path) -> None:
    """Thing number 7 of ``eyes.art`` is what the world has put up."""
    program = (
        "import numpy as np; from avatarium.worlds import make_batch;"
        "batch = make_batch('berries:WORLD', 16, pixels={'width': 32, 'height': 24});"
        "seen = batch.reset(0)['picker'][..., -32 * 24 * 3 :]; eyes = batch.eyes('picker', 32, 24); ids = np.zeros(eyes.shape, np.uint8);"
        "eyes.look(ids=ids); print(len(np.unique(seen)) > 50, (ids == 7).any())"
    )
    assert run(folder, sys.executable, "-c", program) == "True True\n"


def test_it_is_played(folder: Path) -> None:
    pytest.importorskip("pygame", reason="windows need avatarium[render]")
    avatarium(folder, "play", "berries:WORLD", "--steps", "20", "--consent", "I agree", "--out", "runs/played")
    files = list((folder / "runs" / "played").rglob("*.avt"))
    assert avatarium(folder, "verify", *map(str, files)).count("ok") == len(files) == 1


def test_it_is_trained_and_its_replay_verified(folder: Path, trained: Path) -> None:
    assert (trained / "policy.zip").is_file()
    assert avatarium(folder, "verify", str(trained / "replay.avt")).startswith("ok")


def test_its_policies_are_scored(folder: Path, trained: Path) -> None:
    table = avatarium(folder, "evaluate", "berries:WORLD", str(trained / "policy.zip"), "heuristic", "random", "--episodes", "3")
    assert all(policy in table for policy in ("policy", "heuristic", "random"))


def test_its_policy_stands_on_a_leaderboard(folder: Path, trained: Path) -> None:
    table = avatarium(folder, "submit", str(trained / "policy.zip"), "--episodes", "2", "--world", "berries:WORLD")
    assert "held-out" in table or "return" in table


def test_its_replay_is_filmed(folder: Path, trained: Path) -> None:
    pytest.importorskip("av", reason="films need avatarium[render]")
    avatarium(folder, "record", str(trained / "replay.avt"), "--steps", "5", "--backend", "cpu", "--out", "film.mp4")
    assert (folder / "film.mp4").stat().st_size > 0
