"""Minds: policies, scripted, exported and learned."""

import contextlib
import importlib
from pathlib import Path
from typing import Any

from avatarium.agents import populations
from avatarium.agents.policy import Memory, Policy, Turn
from avatarium.agents.scripted import Heuristic, Oracle, Random
from avatarium.worlds import UserError, WorldSpec, spec
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import resolve
from avatarium.worlds.core.spec import Role

__all__ = ["Memory", "Policy", "Turn", "load"]


def load(text: str, world: str = "", role: str = "", **config: Any) -> Policy:
    """The policy that ``text`` names, for ``role`` of ``world``.

    ``random``, ``heuristic``, ``oracle``, the path of an exported policy (``.zip``), ``WORLD/NAME`` for a member of a world's population
    (which knows its world, its role and the settings that it needs, where none are given), or ``package.module:factory``, a function of
    (world, role, config) that returns a policy. Raises UserError when there is none, or when it was made for another world.
    """
    is_file = text.endswith(".zip") or Path(text).is_file()
    member = populations.find(text) if "/" in text and ":" not in text and not is_file else None
    if not ((world and role) or member):
        raise UserError(f"for which world and role is {text!r}? Only members of a population, as in 'wayfinding/NAME', know theirs")
    found = spec(world or member.world)  # type: ignore[union-attr]  # there is a member, or world and role are given
    config = {**(member.settings if member and not world else {}), **config}
    built: Any = settings.build(found.config, config)
    known = {r.name: r for r in found.roles(built)}
    role = role or member.roles[0]  # type: ignore[union-attr]  # as above
    if role not in known:
        raise UserError(f"world {found.name!r} has no role {role!r}: its roles are {', '.join(known)}")
    if member is not None:
        return addressed(populations.load(member, found, role, config), text)
    if is_file:
        exported = importlib.import_module("avatarium.agents.exported")
        return addressed(exported.OnnxPolicy.open(Path(text), found, known[role]), text)
    return addressed(_own(text, found, known[role], built) or _made(text, found, role, built), text)


def addressed(policy: Policy, text: str) -> Policy:
    """The policy, which knows from now on as ``address`` what ``load`` has to be given for it: transcripts say so, to be branched later."""
    with contextlib.suppress(AttributeError):  # of a class that takes no attributes
        policy.address = text  # type: ignore[attr-defined]
    return policy


def _own(text: str, found: WorldSpec, role: Role, config: Any) -> Policy | None:
    """One of the policies that a world itself has, or may have."""
    if text == "random":
        return Random(role)
    if text == "heuristic":
        return Heuristic(found, config)
    return Oracle(found) if text == "oracle" else None


def _made(text: str, found: Any, role: str, config: Any) -> Policy:
    if ":" not in text:
        raise UserError(
            f"there is no policy {text!r}: give random, heuristic, oracle, WORLD/NAME, a file ending in .zip, or package.module:factory"
        )
    policy: Policy = resolve(text, "a policy's factory")(found, role, config)
    return policy
