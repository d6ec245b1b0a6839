"""Where the file of a world's scenarios lies, and the lock beside it that freezes the background people named in it."""

import importlib.resources
import json
import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

from avatarium.leaderboards.scenarios.frozen import Background, freeze
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

HERE = __name__.rpartition(".")[0]
LOCK = ".lock.json"


class File(NamedTuple):
    """A file of scenarios, read but not yet understood."""

    found: dict[str, Any]
    lock: Traversable

    def frozen(self, spec: WorldSpec) -> dict[str, Background]:
        """The locked policies by address. Raises UserError when the lock is damaged."""
        if not self.lock.is_file():
            return {}
        try:
            told = json.loads(self.lock.read_text("utf-8"))
            return {address: Background(address, one["sha256"], tuple(one["roles"])) for address, one in told.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(f"{self.lock.name} is damaged: write it anew by `avatarium scenarios {spec.name} --freeze`") from None


def read(spec: WorldSpec) -> File | None:
    """The scenarios of a world: ``<world>.toml`` in this folder, or ``scenarios.toml`` beside its config; None when there is neither.

    Raises UserError when it is no TOML, or that of another world.
    """
    module = spec.config.__module__
    for package, stem in ((HERE, spec.name), (module, "scenarios"), (module.rpartition(".")[0], "scenarios")):
        try:
            folder = importlib.resources.files(package)
            text = (folder / f"{stem}.toml").read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError, TypeError, ValueError, ModuleNotFoundError):
            continue
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UserError(f"the scenarios of {spec.name} cannot be read: {error}") from None
        if found.get("world", spec.name) != spec.name:
            raise UserError(f"the scenarios of {spec.name} say that they are those of {found['world']!r}")
        return File(found, folder / f"{stem}{LOCK}")
    return None


def named(found: dict[str, Any]) -> list[str]:
    """Addresses of all policies that a file of scenarios names: background people and references."""
    people = found.get("people", [])
    background = [one for entry in people for one in entry.get("background", []) if isinstance(one, str)]
    references = [one for table in (found, *people) for one in table.get("reference", {}).values()]
    return sorted({*background, *references})


def write_lock(spec: WorldSpec) -> Path | None:
    """Freeze the policies that the scenarios of a world name as they are now; returns the lock, or None where they name nobody."""
    file = read(spec)
    if file is None or not named(file.found):
        return None
    told = {one.address: {"roles": list(one.roles), "sha256": one.sha256} for one in (freeze(a, spec) for a in named(file.found))}
    path = Path(str(file.lock))
    path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    return path
