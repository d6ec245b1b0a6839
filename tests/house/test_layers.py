"""Imports point one way: training to leaderboards, to render and agents, to worlds; the contracts are in pyproject.toml."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROBE = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command(sys.argv[1:])"


def faults(site: Path, config: Path) -> list[str]:
    """What import-linter finds in the packages under ``site`` by the contracts in ``config``."""
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PROBE, "--no-cache", "--config", str(config)]
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines()


def test_every_import_points_down(installed: Path, repository: Path) -> None:
    assert not (found := faults(installed, repository / "pyproject.toml")), "\n".join(found)


@pytest.mark.parametrize(
    ("name", "text", "broken"),
    [
        ("worlds/upward.py", "import avatarium.agents\n", "avatarium.worlds.upward -> avatarium.agents"),
        ("agents/sideways.py", "import avatarium.render\n", "avatarium.agents.sideways -> avatarium.render"),
        ("worlds/heavy.py", "def late() -> None:\n    import torch\n", "avatarium.worlds.heavy -> torch"),
        ("leaderboards/ray.py", "import ray\n", "avatarium.leaderboards.ray -> ray"),
    ],
)
def test_an_import_against_the_layers_is_found(
    plant: Callable[..., Path], site: Callable[[Path], Path], name: str, text: str, broken: str
) -> None:
    folder = site(plant({name: text}))
    assert any(broken in line for line in faults(folder, folder / "pyproject.toml"))
