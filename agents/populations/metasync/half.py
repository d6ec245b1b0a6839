"""Gives users half of the bandwidth and of the compute."""

from avatarium.agents.populations.metasync._split import ROLES, fixed

__all__ = ["ROLES", "policy"]
policy = fixed("half", 0.5, 0.5)
