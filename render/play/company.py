"""Who plays the seats that no person has taken, and the settings of the world that these policies need."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest


def company(
    world: str, others: str = "", minds: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings to play under, and a policy for each role: whom ``minds`` names for it, else ``others``, else whoever lives there.

    Policies are named as ``agents.load`` takes them. Settings that a named one needs are set, where ``overrides`` does not say otherwise.
    Nobody being named, a trained policy of the world's population plays each role, if one fits the settings, else the heuristic, else
    random. Raises UserError for roles and policies that there are not, and for policies that need unlike settings.
    """
    agents = importlib.import_module("avatarium.agents")
    spec = discovery.spec(world)
    minds, config = minds or {}, dict(overrides or {})
    if unknown := next((role for role in minds if role not in spec.role_names()), ""):
        raise UserError(f"there is no role {unknown!r} in {spec.name}: {nearest(unknown, spec.role_names())}")
    named = {role: minds.get(role, others) for role in spec.role_names()}
    for name, value in _needed(set(named.values()) - {""}).items():
        config.setdefault(name, value)
    policies = {
        role: agents.load(text, world, role, **config) if text else _resident(world, spec, role, config) for role, text in named.items()
    }
    return config, policies


def _needed(names: set[str]) -> dict[str, Any]:
    """The settings that policies need which were trained with others than the usual ones."""
    needed: dict[str, tuple[Any, str]] = {}
    for text in sorted(names):
        for name, value in _settings(text).items():
            if name in needed and needed[name][0] != value:
                raise UserError(f"{needed[name][1]} plays with {name}={needed[name][0]}, {text} with {name}={value}: they cannot meet")
            needed[name] = (value, text)
    return {name: value for name, (value, _) in needed.items()}


def _settings(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = {}
    if text.endswith(".zip") or Path(text).is_file():
        manifest, _ = importlib.import_module("avatarium.agents.archive").read(text)
        found = manifest.settings
    elif "/" in text and ":" not in text:
        member: Any = importlib.import_module("avatarium.agents.populations").find(text)
        found = member.settings
    return found


def _resident(world: str, spec: Any, role: str, config: Mapping[str, Any]) -> Any:
    """Somebody who lives in the world and can play the role under these settings: trained, else the heuristic, else random."""
    agents = importlib.import_module("avatarium.agents")
    populations = importlib.import_module("avatarium.agents.populations")
    for member in populations.members(spec.name) if spec.name in populations.worlds() else ():
        if member.kind == populations.TRAINED and role in member.roles:
            try:
                return agents.load(member.address, world, role, **config)
            except UserError:  # it was trained for other settings, or what runs it is not installed
                continue
    return agents.load("heuristic" if spec.heuristic is not None else "random", world, role, **config)
