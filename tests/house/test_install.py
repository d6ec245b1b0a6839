"""What is installed is complete, and the bare install works: extras that are missing are asked for in one sentence."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

ROOMS = ("worlds", "agents", "training", "render", "leaderboards")
LEFT_BEHIND = {".pyc"}

# Runs in an interpreter in which the extras cannot be found, as on a machine with the bare install.
BARE = textwrap.dedent(
    """
    import sys

    MISSING = set(sys.argv.pop(1).split())

    class Blocked:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in MISSING:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Blocked())
    """
)
EXTRAS = "torch ray moderngl glcontext pygame av PIL onnx onnxruntime onnxscript sqlalchemy rich matplotlib tensorboard scipy"
STEPPING = textwrap.dedent(
    """
    import numpy as np
    from avatarium import worlds
    from avatarium.worlds.core.chance import random_actions

    batch = worlds.make_batch("wayfinding", num_envs=2)
    batch.reset(0)
    batch.step(random_actions(batch, np.random.default_rng(0)))
    env = worlds.make("wayfinding")
    env.reset(seed=0)
    env.step({agent: env.action_space(agent).sample() for agent in env.agents})
    print("stepped")
    """
)
COMMAND = "from avatarium.worlds.cli import main\nsys.exit(main(sys.argv[1:]))\n"


def left_out(root: Path, site: Path) -> list[str]:
    """Files of the rooms under ``root`` that an installation in ``site`` lacks."""
    files = (p.relative_to(root) for room in ROOMS for p in sorted((root / room).rglob("*")) if p.is_file() and p.suffix not in LEFT_BEHIND)
    return [f"{name} is not installed: see package-data in pyproject.toml" for name in files if not (site / "avatarium" / name).is_file()]


def bare(program: str, *words: str, missing: str = EXTRAS) -> subprocess.CompletedProcess[str]:
    """Run a program in an interpreter without the extras."""
    command = [sys.executable, "-c", BARE + program, missing, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"})


def test_every_file_is_installed(source: Path, installed: Path) -> None:
    assert not (found := left_out(source, installed)), "\n".join(found)


def test_a_file_left_out_is_found(plant: Callable[[dict[str, str]], Path], site: Callable[[Path], Path]) -> None:
    root = plant({"render/shaders/new.glsl": "void main() {}\n"})
    folder = site(root)
    assert left_out(root, folder) == []
    (folder / "avatarium" / "render" / "shaders" / "new.glsl").unlink()
    assert left_out(root, folder) == ["render/shaders/new.glsl is not installed: see package-data in pyproject.toml"]


def test_the_licence_and_the_types_are_installed(installed: Path) -> None:
    assert list(installed.glob("avatarium-*.dist-info/**/LICENSE"))
    assert all((installed / "avatarium" / room / "py.typed").is_file() for room in ROOMS)


def test_worlds_step_without_extras() -> None:
    done = bare(STEPPING)
    assert (done.returncode, done.stdout) == (0, "stepped\n"), done.stderr


@pytest.mark.parametrize("words", [["--help"], ["worlds"], ["worlds", "wayfinding"], ["train", "--help"], ["watch", "--help"]])
def test_commands_that_need_no_extra_run_without(words: list[str]) -> None:
    done = bare(COMMAND, *words)
    assert done.returncode == 0, done.stderr
    assert "cannot be loaded" not in done.stdout


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["train", "wayfinding"], "train"),
        (["play", "wayfinding"], "render"),
        (["leaderboard"], "leaderboards"),
    ],
)
def test_commands_say_which_extra_they_lack(words: list[str], extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = bare(COMMAND, *words)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert f"pip install 'avatarium[{extra}]'" in done.stderr
