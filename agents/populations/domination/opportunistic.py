"""Each goes to a point at random, and on arrival to another one; nobody minds the others."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._forces import drawn
from avatarium.agents.populations.domination._team import ROLES, Forgetful, Plan, Team, View
from avatarium.worlds import WorldSpec
from avatarium.worlds.domination.state import POINTS

__all__ = ["ROLES"]


class Opportunistic(Forgetful):
    """The first of the rivals of RETALIATE (Smith, Lee-Urban and Munoz-Avila 2007), as far as they are described."""

    name = "opportunistic"

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """The point on the way, or, on arrival and after being tagged, one of the two others."""
        there = np.take_along_axis(view.ways, view.orders[..., None], axis=2)[..., 0] == 0
        chance = drawn(view.keys, view.orders.shape[1])
        other = (view.orders + 1 + (2 * chance).astype(np.int64)) % POINTS
        begin = (view.clock == 0)[:, None]
        return Plan(np.where(begin, (POINTS * chance).astype(np.int64), np.where(there | ~view.here, other, view.orders))), memory


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Opportunistic())
