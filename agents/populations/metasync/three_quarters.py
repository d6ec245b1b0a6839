"""Gives users three quarters of the bandwidth and of the compute: they are answered at once, with what is old."""

from avatarium.agents.populations.metasync._split import ROLES, fixed

__all__ = ["ROLES", "policy"]
policy = fixed("three-quarters", 0.75, 0.75)
