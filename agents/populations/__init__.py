"""Populations: the policies that live in a world, one folder per world, found by looking into it.

A member is a module with a function ``policy(spec, role, config)`` and the ``ROLES`` it can play (its docstring says who it is), or an
exported policy ``NAME.zip`` with a card ``NAME.md`` beside it. ``agents.load("WORLD/NAME")`` fetches one.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avatarium.agents.policy import Policy
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import WorldSpec

SCRIPTED, TRAINED = "scripted", "trained"


@dataclass(frozen=True)
class Member:
    """One policy of a population."""

    world: str
    name: str
    roles: tuple[str, ...]
    """Which roles it can play, the one it is meant for first."""
    kind: str
    """``SCRIPTED`` or ``TRAINED``."""
    summary: str
    path: Path | None = None
    """Where a trained one lies."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the world that a trained one needs."""

    @property
    def address(self) -> str:
        """What ``agents.load`` takes."""
        return f"{self.world}/{self.name}"


def worlds() -> list[str]:
    """Names of the worlds that have a population."""
    return sorted({entry.name for folder in __path__ for entry in Path(folder).iterdir() if entry.is_dir() and entry.name.isidentifier()})


def members(world: str) -> list[Member]:
    """Everybody who lives in a world: the scripted ones first, both by name."""
    folders = [Path(folder) / world for folder in __path__]
    scripted = [_scripted(world, module.name) for module in pkgutil.iter_modules([str(f) for f in folders]) if module.name[0] != "_"]
    trained = [_trained(world, path) for folder in folders for path in folder.glob("*.zip")]
    return [*sorted(scripted, key=lambda m: m.name), *sorted(trained, key=lambda m: m.name)]


def find(address: str) -> Member:
    """The member at ``WORLD/NAME``. Raises UserError when there is none."""
    world, _, name = address.partition("/")
    if world not in worlds():
        raise UserError(f"there is no population of a world {world!r}: {nearest(world, worlds())}")
    known = {member.name: member for member in members(world)}
    if name not in known:
        raise UserError(f"nobody in the population of {world} is called {name!r}: {nearest(name, known)}")
    return known[name]


def load(member: Member, spec: WorldSpec, role: str, config: Mapping[str, Any]) -> Policy:
    """The policy of ``member`` as the mind of ``role``. Raises UserError when it belongs to another world or role."""
    if spec.name != member.world:
        raise UserError(f"{member.address} lives in {member.world}, not in {spec.name}")
    if role not in member.roles:
        raise UserError(f"{member.address} is for the role {' or '.join(member.roles)}, not for {role!r}")
    built: Any = settings.build(spec.config, config)
    if member.path is None:
        made: Policy = _module(member.world, member.name).policy(spec, role, built)
        return made
    exported = importlib.import_module("avatarium.agents.exported")
    opened: Policy = exported.OnnxPolicy.open(member.path, spec, next(r for r in spec.roles(built) if r.name == role))
    return opened


def _module(world: str, name: str) -> Any:
    return importlib.import_module(f"{__name__}.{world}.{name.replace('-', '_')}")


def _scripted(world: str, name: str) -> Member:
    found = _module(world, name)
    return Member(world, name.replace("_", "-"), tuple(found.ROLES), SCRIPTED, (found.__doc__ or "").splitlines()[0])


def _trained(world: str, path: Path) -> Member:
    archive = importlib.import_module("avatarium.agents.archive")
    manifest, _ = archive.read(path)
    card = path.with_suffix(".md")
    told = [line for line in card.read_text("utf-8").splitlines() if line and line[0] not in "#!"] if card.exists() else []
    return Member(world, path.stem, (manifest.role,), TRAINED, told[0] if told else "", path, manifest.settings)
