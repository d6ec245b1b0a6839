"""mypy --strict is content with the package as it is installed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOMS = ("worlds", "agents", "training", "render", "leaderboards")


def faults(site: Path, config: Path, cache: Path) -> list[str]:
    """What mypy finds in the packages under ``site`` with the settings of ``config``."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), "--cache-dir", str(cache), "--no-error-summary"]
    command += [word for room in ROOMS for word in ("-p", f"avatarium.{room}")]
    done = subprocess.run(command, cwd=site, env=os.environ | {"MYPYPATH": str(site)}, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


def test_types_hold(installed: Path, repository: Path) -> None:
    assert not (found := faults(installed, repository / "pyproject.toml", repository / ".mypy_cache")), "\n".join(found)


def test_a_wrong_type_is_found(plant: Callable[[dict[str, str]], Path], site: Callable[[Path], Path], tmp_path: Path) -> None:
    folder = site(plant({"worlds/wrong.py": '"""A module."""\n\nCOUNT: int = "three"\n'}))
    found = faults(folder, folder / "pyproject.toml", tmp_path / "cache")
    assert len(found) == 1
    assert "avatarium/worlds/wrong.py:3: error: Incompatible types" in found[0]
