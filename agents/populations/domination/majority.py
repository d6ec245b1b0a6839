"""Holds two of the three points with most of the team, and keeps a reserve that retakes whichever is lost."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._forces import nearest, sent
from avatarium.agents.populations.domination._team import ROLES, Forgetful, Plan, Team, View
from avatarium.worlds import WorldSpec
from avatarium.worlds.domination.state import FAR

__all__ = ["ROLES"]


class Majority(Forgetful):
    """The coordinated rival of RETALIATE, a hierarchical task network: hold middle, hold own, help where one is lost."""

    name = "majority"

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """Guards of middle and own point, by the shortest ways; a third of the team, at least one of three, is the reserve."""
        teams, n = view.orders.shape
        reserve = n // 3 if n > 2 else 0
        held = n - reserve
        counts = np.zeros((teams, 3), np.int64)
        counts[:, 0], counts[:, 1], counts[:, FAR] = held - held // 2, held // 2, reserve
        orders = sent(np.concatenate([view.ways[..., :FAR], np.zeros((teams, n, 1), np.float32)], axis=2), counts)
        lost = view.owners[:, :FAR] != 1
        help_at = nearest(view.ways, np.concatenate([lost | ~lost.any(axis=1, keepdims=True), np.zeros((teams, 1), bool)], axis=1))
        return Plan(np.where(orders == FAR, help_at, orders)), memory


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Majority())
