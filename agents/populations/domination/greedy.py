"""Everybody goes to the nearest point that is not the team's own; the team swarms."""

from typing import Any

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._forces import nearest
from avatarium.agents.populations.domination._team import ROLES, Forgetful, Plan, Team, View
from avatarium.worlds import WorldSpec

__all__ = ["ROLES"]


class Greedy(Forgetful):
    """The third of the rivals of RETALIATE."""

    name = "greedy"

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """The nearest point that is not owned; when all are, the nearest one."""
        return Plan(nearest(view.ways, view.owners != 1)), memory


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Greedy())
