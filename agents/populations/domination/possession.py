"""Everybody has a point of its own for the whole game, takes it and guards it."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._forces import evenly
from avatarium.agents.populations.domination._team import ROLES, Forgetful, Plan, Team, View
from avatarium.worlds import WorldSpec

__all__ = ["ROLES"]


class Possession(Forgetful):
    """The second of the rivals of RETALIATE."""

    name = "possession"

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """The own point, always."""
        return Plan(np.broadcast_to(evenly(view.orders.shape[1]), view.orders.shape)), memory


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Possession())
