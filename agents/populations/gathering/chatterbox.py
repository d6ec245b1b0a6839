"""Talks of what it likes itself, breaks in while others speak, stands too close and greets nobody first."""

from typing import Any

from avatarium.agents.populations.gathering._mannered import mannered
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.gathering.manners import Manner

ROLES = ("guest",)
MANNER = Manner(distance_m=0.9, patience_s=0.0, eagerness=1.0, interrupts=0.08, own_topics=True, greets=False, tired=0.7)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return mannered("chatterbox", MANNER, config)
