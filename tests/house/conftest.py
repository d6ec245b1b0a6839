"""What the gates of the house share: where the repository is, and trees with a planted fault."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOMS = ("worlds", "agents", "training", "render", "leaderboards")
PRUNED = shutil.ignore_patterns(".*", "runs", "build", "dist", "*.egg-info", "__pycache__", "*.avt", "*.mp4")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def source(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository without what was built or run in it: building there leaves no trace here."""
    copy = tmp_path_factory.mktemp("source") / "avatarium"
    shutil.copytree(repository, copy, ignore=PRUNED)
    return copy


@pytest.fixture(scope="session")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site folder into which the package was installed as users install it: not editable."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(site), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return site


@pytest.fixture
def plant(repository: Path, tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Lay out a small tree, five rooms and the real pyproject.toml, with the given files in it; returns its root."""

    def lay_out(files: dict[str, str]) -> Path:
        shutil.copy(repository / "pyproject.toml", tmp_path)
        for room in ROOMS:
            (tmp_path / room).mkdir()
            (tmp_path / room / "__init__.py").write_text(f'"""The room {room}."""\n')
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return lay_out


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Arrange the rooms of a tree the way an installation does: ``avatarium/<room>`` beside its pyproject.toml; returns that folder."""

    def arrange(root: Path) -> Path:
        folder = tmp_path_factory.mktemp("planted")
        shutil.copy(root / "pyproject.toml", folder)
        for room in ROOMS:
            shutil.copytree(root / room, folder / "avatarium" / room)
        return folder

    return arrange
