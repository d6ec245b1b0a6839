"""Takes what stewards leave, but never so much that a patch is lost: the free rider who lives off the restraint of others."""

from typing import Any

from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.commons.picking import act, see

ROLES = ("picker",)
LEFT = 1
"""Ripe trees that it leaves around one that it picks."""


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return Rule("undercutter", lambda observation, keys: act(see(observation, config), LEFT, config))
