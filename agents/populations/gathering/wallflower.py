"""Keeps away from people it has not met, but answers whoever comes, briefly, and from afar."""

from typing import Any

from avatarium.agents.populations.gathering._mannered import mannered
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.gathering.manners import Manner

ROLES = ("guest",)
MANNER = Manner(distance_m=1.7, patience_s=0.6, eagerness=0.15, greets=False, tired=0.35, sociable=0.3, shy_m=3.0)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return mannered("wallflower", MANNER, config)
