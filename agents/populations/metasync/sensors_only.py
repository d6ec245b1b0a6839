"""Gives everything to sensors: nobody is ever answered."""

from avatarium.agents.populations.metasync._split import ROLES, fixed

__all__ = ["ROLES", "policy"]
policy = fixed("sensors-only", 0.0, 0.0)
