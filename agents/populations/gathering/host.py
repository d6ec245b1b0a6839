"""Goes to whoever stands alone, greets everybody, minds what others like, and soon moves on to the next."""

from typing import Any

from avatarium.agents.populations.gathering._mannered import mannered
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.gathering.manners import Manner

ROLES = ("guest",)
MANNER = Manner(tired=0.3, to_lonely=5.0, patience_s=0.5, eagerness=0.5)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return mannered("host", MANNER, config)
