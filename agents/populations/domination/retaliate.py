"""A commander that learns while it plays which points to send its soldiers to; it decides whenever a point has changed hands."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination import _tables
from avatarium.agents.populations.domination._forces import sent
from avatarium.agents.populations.domination._team import ROLES, Plan, Team, View
from avatarium.worlds import WorldSpec
from avatarium.worlds.domination.command import distributions

__all__ = ["ROLES"]


class Retaliate:
    """RETALIATE (Smith, Lee-Urban and Munoz-Avila 2007), from memory of the paper: 27 states, actions by name for teams of up to three.

    alpha 0.2, epsilon 0.1, gamma 1, values that begin at 0.5, r = U(s') - U(s) with U = points owned less the enemy's. Tables are kept
    as differences from 0.5, so that zeros are a beginner's.
    """

    name = "retaliate"
    alpha, gamma, epsilon, optimism = 0.2, 1.0, 0.1, 0.5

    def memory(self, teams: int, soldiers: int) -> Memory:
        """The table float32 [E, 27, A]; the last state + 1, action and U int64 [E]."""
        counts = [np.zeros(teams, np.int64) for _ in range(3)]
        return np.zeros((teams, _tables.OWNERSHIPS, _tables.actions(soldiers, soldiers <= _tables.JOINT_AT_MOST)), np.float32), *counts

    def lasting(self, memory: Memory) -> Memory:
        """The table."""
        return memory[0], *(np.zeros_like(part) for part in memory[1:])

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """Where a point has changed hands, learn and choose anew; else go on."""
        table, before, action, worth = memory
        state, every = _tables.ownership(view), np.arange(len(view.due))
        turned = view.due & (state + 1 != before)
        told = np.flatnonzero((turned | view.over) & (before > 0))
        # all values are lifted by the same optimism q: r + gamma (max + q) - q
        target = view.lead - worth + self.gamma * table[every, state].max(axis=1) + (self.gamma - 1.0) * self.optimism
        _tables.learn(table, told, before - 1, action, target, self.alpha)
        action = np.where(turned, _tables.explore(table[every, state], view.keys, self.epsilon), action)
        before, worth = np.where(turned, state + 1, before), np.where(turned, view.lead, worth)
        return Plan(self._orders(view, action)), (table, before, action, worth)

    def _orders(self, view: View, action: np.ndarray) -> np.ndarray:
        n = view.orders.shape[1]
        if n <= _tables.JOINT_AT_MOST:
            return np.asarray(_tables.assignments(n)[action])
        return sent(view.ways, distributions(n)[action])


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Retaliate())
