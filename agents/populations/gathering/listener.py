"""Stays long and seldom speaks: leaves the floor to others, and waits well after they have finished."""

from typing import Any

from avatarium.agents.populations.gathering._mannered import mannered
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.gathering.manners import Manner

ROLES = ("guest",)
MANNER = Manner(tired=0.8, patience_s=1.2, eagerness=0.08)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return mannered("listener", MANNER, config)
