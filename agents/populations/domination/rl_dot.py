"""A commander that learns while it plays how to spread its team: a table of values over who owns what and how strong it is."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination import _tables
from avatarium.agents.populations.domination._forces import sent
from avatarium.agents.populations.domination._team import ROLES, Plan, Team, View
from avatarium.worlds import WorldSpec
from avatarium.worlds.domination.command import distributions

__all__ = ["ROLES"]


class RlDot:
    """After RL-DOT (Wang, Gao and Chen 2010): Q-learning of troop distributions, r = U / 3 with U = points owned less the enemy's.

    Its state, reward and constants are not known; these are ours.
    """

    name = "rl-dot"

    def __init__(self, alpha: float = 0.3, gamma: float = 0.9, epsilon: float = 0.1, buckets: int = 1) -> None:
        self.alpha, self.gamma, self.epsilon, self.buckets = alpha, gamma, epsilon, buckets

    def memory(self, teams: int, soldiers: int) -> Memory:
        """The table float32 [E, S, A]; the last state + 1 and action int64 [E]; decisions made int64 [E]."""
        counts = [np.zeros(teams, np.int64) for _ in range(3)]
        return np.zeros((teams, _tables.OWNERSHIPS * self.buckets, _tables.actions(soldiers, False)), np.float32), *counts

    def lasting(self, memory: Memory) -> Memory:
        """The table, and how many decisions it comes from."""
        table, state, action, made = memory
        return table, np.zeros_like(state), np.zeros_like(action), made

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """Learn from what the last distribution led to, then choose the next one."""
        table, before, action, made = memory
        state = _tables.ownership(view) * self.buckets + _tables.strength(view, self.buckets)
        every = np.arange(len(state))
        told = np.flatnonzero((view.due | view.over) & (before > 0))
        target = view.lead / 3.0 + self.gamma * table[every, state].max(axis=1)
        _tables.learn(table, told, before - 1, action, target, self.alpha)
        chosen = _tables.explore(table[every, state], view.keys, self.epsilon / np.sqrt(1.0 + made / 100.0))
        action = np.where(view.due, chosen, action)
        counts = distributions(view.orders.shape[1])[action]
        return Plan(sent(view.ways, counts)), (table, np.where(view.due, state + 1, before), action, made + view.due)


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, RlDot())
