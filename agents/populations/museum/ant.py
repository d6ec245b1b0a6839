"""Looks at every exhibit in turn and for long, from nearby, and keeps to the walls on its way."""

from typing import Any

from avatarium.agents.populations.museum._styled import Styled
from avatarium.worlds import WorldSpec

ROLES = ("visitor",)


def policy(spec: WorldSpec, role: str, config: Any) -> Styled:
    """The policy."""
    return Styled("ant")
