"""Gives everything to users, who wait for sensors that never tell anything."""

from avatarium.agents.populations.metasync._split import ROLES, fixed

__all__ = ["ROLES", "policy"]
policy = fixed("users-only", 1.0, 1.0)
