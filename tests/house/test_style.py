"""ruff finds nothing, and every file is formatted as it would format it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def faults(root: Path) -> list[str]:
    """What ``ruff check`` and ``ruff format`` would change under ``root``."""
    found: list[str] = []
    for mode in (["check", "--quiet"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *mode, "--no-cache", "--output-format=concise", "."]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        found += (done.stdout + done.stderr).splitlines() if done.returncode else []
    return found


def test_ruff_is_content(repository: Path) -> None:
    assert not (found := faults(repository)), "\n".join(found)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('"""A module."""\n\nimport os\n', "F401"),
        ('"""A module."""\n\nimport worlds\n\nprint(worlds)\n', "TID251"),
        ('"""A module."""\n\nX = [1,2]\n', "unformatted"),
        ("X = 1\n", "D100"),
    ],
)
def test_bad_style_is_found(plant: Callable[[dict[str, str]], Path], text: str, complaint: str) -> None:
    assert any(complaint in line for line in faults(plant({"worlds/sloppy.py": text})))
