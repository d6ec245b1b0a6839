"""Eats only where enough is left for trees to bear again, to the very end."""

from typing import Any

from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.commons.heuristic import RESTRAINT
from avatarium.worlds.commons.picking import act, see

ROLES = ("picker",)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return Rule("steward", lambda observation, keys: act(see(observation, config), RESTRAINT, config))
