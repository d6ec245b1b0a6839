"""Takes a point, draws back two metres from it and waits for whoever comes; one of the team waits where the enemy comes out of its base."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._forces import evenly
from avatarium.agents.populations.domination._team import ROLES, Forgetful, Plan, Team, View
from avatarium.worlds import WorldSpec
from avatarium.worlds.domination.state import AWAY

__all__ = ["ROLES"]

BACK_M, GATE_M = 2.0, 2.5
"""How far from its point one waits, and how far from the enemy's base."""


class Ambusher(Forgetful):
    """A team of guards who let the enemy come."""

    name = "ambusher"

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """The own point, up to the point where it is not held, else up to ``BACK_M``; the last of three or more goes to the gate."""
        n = view.orders.shape[1]
        zones = np.broadcast_to(evenly(n), view.orders.shape).copy()
        stops = np.where(np.take_along_axis(view.owners, zones, axis=1) == 1, BACK_M, 0.0)
        if n > 3:
            zones[:, -1], stops[:, -1] = AWAY, GATE_M
        return Plan(zones, stops.astype(np.float32)), memory


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Ambusher())
