"""Knows the way and walks as if nobody else were there."""

from typing import Any

from avatarium.agents.populations.wayfinding._guided import Guided
from avatarium.worlds import WorldSpec
from avatarium.worlds.wayfinding.guide import PUSHY

ROLES = ("walker",)


def policy(spec: WorldSpec, role: str, config: Any) -> Guided:
    """The policy."""
    return Guided("pushy", PUSHY)
