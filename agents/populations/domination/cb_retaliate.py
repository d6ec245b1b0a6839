"""A commander that learns while it plays, and remembers what worked against whom: when it loses, it takes up the table of a like game."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._team import ROLES, Plan, Team, View
from avatarium.agents.populations.domination.retaliate import Retaliate
from avatarium.worlds import WorldSpec
from avatarium.worlds.domination.state import POINTS

__all__ = ["ROLES"]

CASES = 6
WINDOW_STEPS = 200
ALIKE = 0.5
"""A window that differs by less from a case, in lengths of 10 m, is a later one of the same."""


class CbRetaliate(Retaliate):
    """CBRetaliate (Auslander et al. 2008), from its abstract: cases are whole tables of values, found by what both teams did of late.

    After each window of 20 s: when the lead grew, the table becomes the case for such windows; when it shrank, the case whose window is
    most like this one is taken up, unless it already is, and learning goes on from its table.
    """

    name = "cb-retaliate"

    def memory(self, teams: int, soldiers: int) -> Memory:
        """That of RETALIATE; sums float32 [E, F] over steps int64 [E] since the lead was float32 [E]; windows float32 [E, CASES, F] and
        tables of the cases; how many were stored, and the number + 1 of the one in use, int64 [E]."""
        base, features = super().memory(teams, soldiers), 2 * POINTS
        window = np.zeros((teams, features), np.float32), np.zeros(teams, np.int64), np.zeros(teams, np.float32)
        cases = np.zeros((teams, CASES, features), np.float32), np.zeros((teams, CASES, *base[0].shape[1:]), np.float32)
        return *base, *window, *cases, np.zeros(teams, np.int64), np.zeros(teams, np.int64)

    def lasting(self, memory: Memory) -> Memory:
        """The table, the cases and which of them is in use."""
        return *super().lasting(memory[:4]), *(np.zeros_like(part) for part in memory[4:7]), *memory[7:]

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """What RETALIATE does; after each window, a case is stored or taken up."""
        plan, base = super().plan(view, memory[:4])
        sums, steps, lead, windows, tables, stored, used = memory[4:]
        sums, steps = sums + places(view), steps + 1
        full = np.flatnonzero(steps >= WINDOW_STEPS)
        now = (view.scores[:, 0] - view.scores[:, 1]).astype(np.float32)
        for e in full.tolist():
            window = sums[e] / steps[e]
            if now[e] > lead[e]:
                stored[e], used[e] = store(windows[e], tables[e], int(stored[e]), window, base[0][e])
            elif now[e] < lead[e] and stored[e] > 0:
                k = int(apart(windows[e, : min(stored[e], CASES)], window).argmin())
                if used[e] != k + 1:
                    base[0][e], used[e] = tables[e, k], k + 1
        sums[full], steps[full], lead[full] = 0.0, 0, now[full]
        return plan, (*base, sums, steps, lead, windows, tables, stored, used)


def places(view: View) -> np.ndarray:
    """float32 [E, 6]: how far from each point the team is on average, and the other team; 10 m = 1."""
    return np.concatenate([view.ways.mean(axis=1), view.rivals.mean(axis=1)], axis=1) * np.float32(0.1)


def apart(windows: np.ndarray, window: np.ndarray) -> np.ndarray:
    """float32 [K]: distance of a window [F] from each of ``windows`` [K, F]."""
    return np.asarray(np.sqrt(((windows - window) ** 2).sum(axis=1)))


def store(windows: np.ndarray, tables: np.ndarray, stored: int, window: np.ndarray, table: np.ndarray) -> tuple[int, int]:
    """Keep a table as a case, in place: instead of one that is alike, else in a free place, else instead of the oldest.

    Returns how many were stored by now, and the number + 1 of this one.
    """
    gaps = apart(windows[: min(stored, CASES)], window)
    alike = len(gaps) > 0 and gaps.min() < ALIKE
    k = int(gaps.argmin()) if alike else stored % CASES
    windows[k], tables[k] = window, table
    return stored if alike else stored + 1, k + 1


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, CbRetaliate())
