"""Eats whatever is nearest, down to the last fruit of a patch."""

from typing import Any

from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.commons.picking import act, see

ROLES = ("picker",)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return Rule("greedy", lambda observation, keys: act(see(observation, config), 0, config))
