"""What is sent to the nodes of a cluster, so that they play and learn with the very code and files of whoever trains."""

import importlib.util
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import avatarium.agents
import avatarium.leaderboards
import avatarium.render
import avatarium.training
import avatarium.worlds
from avatarium.training.run import checkpoint
from avatarium.training.run.plan import Plan
from avatarium.worlds.core.errors import UserError

PACKAGES = (avatarium.worlds, avatarium.agents, avatarium.render, avatarium.leaderboards, avatarium.training)
DESCRIPTION = ("METADATA", "PKG-INFO", "entry_points.txt")
"""Files of an installation that say what it is."""


def runtime_env(plan: Plan, folder: Path) -> dict[str, Any]:
    """Ray's runtime environment for a run: what has to be sent is put together in ``folder``, and sent when Ray is joined.

    A copy of the packages rather than a wheel: nodes would have pip install a wheel with all that it depends on, from the network and over
    the libraries that they have. Raises UserError for what cannot be sent.
    """
    modules = [_avatarium(folder), _description(folder), *_world(plan)]
    env: dict[str, Any] = {"py_modules": [str(path) for path in modules]}
    if files := _minds(plan, folder / "files"):
        env["working_dir"] = str(files)
    return env


def _avatarium(folder: Path) -> Path:
    """This Avatarium, laid out as it is imported, wherever its folders come from."""
    root = folder / "avatarium"
    for package in PACKAGES:
        name = package.__name__.partition(".")[2]
        shutil.copytree(package.__path__[0], root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def _description(folder: Path) -> Path:
    """Version and entry points, where ``importlib.metadata`` looks for them."""
    here = metadata.distribution("avatarium")
    root = folder / f"avatarium-{here.version}.dist-info"
    root.mkdir()
    for name in DESCRIPTION:
        if (text := here.read_text(name)) is not None:
            (root / name.replace("PKG-INFO", "METADATA")).write_text(text)
    return root


def _world(plan: Plan) -> list[Path]:
    """The package or module of a world of the user's own, unless it is installed: then it has to be on the nodes, too."""
    address = plan.world if ":" in plan.world else plan.arena.address
    top = address.partition(":")[0].partition(".")[0]
    if ":" not in address or top == "avatarium":
        return []
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        raise UserError(f"{top} cannot be sent to the cluster, because it has no __init__.py: add one, or install it on the nodes")
    found = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
    return [] if {"site-packages", "dist-packages"} & set(found.parts) else [found]


def _minds(plan: Plan, folder: Path) -> Path | None:
    """The files of minds that do not learn, under the names by which the plan calls them; None when there are none."""
    for text in plan.minds.values():
        path = Path(text)
        if not path.exists():
            continue  # a name, such as heuristic
        if path.is_absolute() or ".." in path.parts:
            raise UserError(f"{text} cannot be sent to the cluster: give a path below the current folder")
        if path.is_dir():
            own = path if (path / checkpoint.MANIFEST).is_file() else checkpoint.latest(path)
            shutil.copytree(own, folder / own, dirs_exist_ok=True)
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / path)
    return folder if folder.exists() else None
