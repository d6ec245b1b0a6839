"""Gives users a quarter of the bandwidth and of the compute."""

from avatarium.agents.populations.metasync._split import ROLES, fixed

__all__ = ["ROLES", "policy"]
policy = fixed("quarter", 0.25, 0.25)
