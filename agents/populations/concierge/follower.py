"""Says what it wants in the plain code, word by word as rooms are listed, and follows the host."""

from typing import Any

from avatarium.agents.populations.concierge._parts import seeing
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.concierge.heuristic import visitor

ROLES = ("visitor",)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return seeing("follower", spec, role, config, lambda parts, keys: visitor(parts))
