"""A steward who fines whoever it sees eat where little is left, or knows for it."""

from typing import Any

import numpy as np

from avatarium.agents.policy import Memory, Turn
from avatarium.agents.populations.commons._company import Company, company
from avatarium.worlds import WorldSpec
from avatarium.worlds.commons.heuristic import RESTRAINT
from avatarium.worlds.commons.picking import Sight, act, see, turned
from avatarium.worlds.core.polar import RINGS, SECTORS
from avatarium.worlds.core.speech import POINT

ROLES = ("picker",)
RANGE_M, AIM_RAD = 3.8, 0.3
"""Within what a fine reaches (4 m, 20 degrees), with something to spare."""
LITTLE = 4
"""Ripe trees within 5 m, at most, for a meal of somebody to be a trespass."""
NOTORIOUS = 0.5
"""Share of scarce meals for which somebody is fined on sight."""
GRUDGE_STEPS, ASTRAY_RAD = 30, 0.6
"""How long it is after somebody, and how far from where that one was last somebody may be who is taken for the same."""


def policy(spec: WorldSpec, role: str, config: Any) -> "Punisher":
    """The policy."""
    return Punisher(config)


class Punisher:
    """Remembers in which direction whoever it is after was last, and turns there until it has fined them."""

    name = "punisher"

    def __init__(self, config: Any) -> None:
        self._config = config

    def initial_state(self, rows: int) -> Memory:
        """No grudge: steps that are left of it [B], and the absolute direction (rad) of whom it is against [B]."""
        return np.zeros(rows), np.zeros(rows)

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions [B, heads], and the grudge that is left."""
        sight = see(turn.observation, self._config)
        others, (left, direction) = company(sight), state
        cos, sin = sight.part["heading"].T
        heading = np.arctan2(sin, cos)
        found = np.asarray(pursued(others, turned(direction - heading)) & (left[:, None] > 0))
        guilty = trespass(sight, others)
        wanted = np.where(found.any(axis=1, keepdims=True), found, guilty)
        bearing = others.bearing[np.arange(len(wanted)), wanted.argmax(axis=1)]
        after = wanted.any(axis=1) & (sight.part["cooling"][:, 0] <= 0) & (sight.part["held"][:, 0] <= 0)
        aims = after & (np.abs(bearing) < AIM_RAD)
        left = np.where(aims | ~wanted.any(axis=1), 0, np.where(guilty.any(axis=1), GRUDGE_STEPS, left - 1))
        chosen = act(sight, RESTRAINT, self._config, np.where(aims, POINT, 0), np.where(after, bearing, np.nan))
        return chosen, (left, turned(heading + bearing))


def pursued(others: Company, bearing: np.ndarray) -> np.ndarray:
    """bool [B, K]: who, within reach of a fine and not in time-out already, is nearest to the direction ``bearing`` [B] (rad)."""
    off = np.abs(turned(others.bearing - bearing[:, None]))
    off = np.where((others.distance_m < RANGE_M) & ~others.held, off, np.inf)
    return np.asarray((off == off.min(axis=1, keepdims=True)) & (off < ASTRAY_RAD))


def trespass(sight: Sight, others: Company) -> np.ndarray:
    """bool [B, K]: who eats where little is left, or is known for it, within reach of a fine and not in time-out already."""
    left = 8.0 * sight.part["ripe"].reshape(-1, RINGS, SECTORS)[:, :2].sum(axis=(1, 2))
    guilty = (others.eating & (left <= LITTLE)[:, None]) | (others.greed > NOTORIOUS)
    return np.asarray(guilty & (others.distance_m < RANGE_M) & ~others.held)
