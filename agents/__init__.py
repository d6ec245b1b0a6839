"""Minds: policies, scripted, exported and learned."""

import importlib
from pathlib import Path
from typing import Any

from avatarium.agents.policy import Memory, Policy, Turn
from avatarium.agents.scripted import Heuristic, Oracle, Random
from avatarium.worlds import UserError, spec
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import resolve

__all__ = ["Memory", "Policy", "Turn", "load"]


def load(text: str, world: str, role: str, **config: Any) -> Policy:
    """The policy that ``text`` names, for ``role`` of ``world``.

    ``random``, ``heuristic``, ``oracle``, the path of an exported policy (``.zip``), or ``package.module:factory``, a function of
    (world, role, config) that returns a policy. Raises UserError when there is none, or when it was made for another world.
    """
    found = spec(world)
    built: Any = settings.build(found.config, config)
    known = {r.name: r for r in found.roles(built)}
    if role not in known:
        raise UserError(f"world {found.name!r} has no role {role!r}: its roles are {', '.join(known)}")
    if text == "random":
        return Random(known[role])
    if text == "heuristic":
        return Heuristic(found, built)
    if text == "oracle":
        return Oracle(found)
    if text.endswith(".zip") or Path(text).is_file():
        exported = importlib.import_module("avatarium.agents.exported")
        policy: Policy = exported.OnnxPolicy.open(Path(text), found, known[role])
        return policy
    return _made(text, found, role, built)


def _made(text: str, found: Any, role: str, config: Any) -> Policy:
    if ":" not in text:
        raise UserError(f"there is no policy {text!r}: give random, heuristic, oracle, a file ending in .zip, or package.module:factory")
    policy: Policy = resolve(text, "a policy's factory")(found, role, config)
    return policy
