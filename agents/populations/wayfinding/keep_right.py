"""Knows the way, walks on the right and gives way to the right."""

from typing import Any

from avatarium.agents.populations.wayfinding._guided import Guided
from avatarium.worlds import WorldSpec
from avatarium.worlds.wayfinding.guide import KEEP_RIGHT

ROLES = ("walker",)


def policy(spec: WorldSpec, role: str, config: Any) -> Guided:
    """The policy."""
    return Guided("keep-right", KEEP_RIGHT)
