"""Knows the way, walks on the left and gives way to the left."""

from typing import Any

from avatarium.agents.populations.wayfinding._guided import Guided
from avatarium.worlds import WorldSpec
from avatarium.worlds.wayfinding.guide import KEEP_LEFT

ROLES = ("walker",)


def policy(spec: WorldSpec, role: str, config: Any) -> Guided:
    """The policy."""
    return Guided("keep-left", KEEP_LEFT)
