"""Flits from exhibit to exhibit in no order, now for long, now for a moment."""

from typing import Any

from avatarium.agents.populations.museum._styled import Styled
from avatarium.worlds import WorldSpec

ROLES = ("visitor",)


def policy(spec: WorldSpec, role: str, config: Any) -> Styled:
    """The policy."""
    return Styled("butterfly")
