"""Hurries ahead to the room it hears of, and looks back at nobody."""

from typing import Any

from avatarium.agents.populations.concierge._parts import seeing
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.concierge.heuristic import host

ROLES = ("host",)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return seeing("hurried", spec, role, config, lambda parts, keys: host(parts, waits=False))
