"""The best split that never changes, under the default settings: 0.45 of the bandwidth and 0.40 of the compute for users."""

from avatarium.agents.populations.metasync._split import ROLES, fixed

__all__ = ["ROLES", "policy"]
policy = fixed("best", 0.45, 0.40)
