"""Goes for the few exhibits that it likes best, and stays with them for long."""

from typing import Any

from avatarium.agents.populations.museum._styled import Styled
from avatarium.worlds import WorldSpec

ROLES = ("visitor",)


def policy(spec: WorldSpec, role: str, config: Any) -> Styled:
    """The policy."""
    return Styled("grasshopper")
