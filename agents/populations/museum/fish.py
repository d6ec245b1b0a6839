"""Glides through the middle of the rooms, and glances at some exhibits from afar."""

from typing import Any

from avatarium.agents.populations.museum._styled import Styled
from avatarium.worlds import WorldSpec

ROLES = ("visitor",)


def policy(spec: WorldSpec, role: str, config: Any) -> Styled:
    """The policy."""
    return Styled("fish")
