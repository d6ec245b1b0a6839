"""A steward who fines whoever eats where little is left, or is known for it."""

from typing import Any

import numpy as np

from avatarium.agents.populations.commons._company import Company, company
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.commons.heuristic import RESTRAINT
from avatarium.worlds.commons.picking import ANGLES, Sight, act, see
from avatarium.worlds.core.polar import RINGS, SECTORS
from avatarium.worlds.core.speech import POINT

ROLES = ("picker",)
RANGE_M, AIM_RAD = 3.8, 0.3
"""Within what a fine reaches (4 m, 20 degrees), with something to spare."""
LITTLE = 4
"""Ripe trees in the direction of somebody who eats, at most, for it to be a trespass."""
NOTORIOUS = 0.5
"""Share of scarce meals for which somebody is fined on sight."""


def trespass(sight: Sight, others: Company) -> np.ndarray:
    """bool [B, K]: who eats where little is left, or is known for it, within reach of a fine and not in time-out already."""
    ripe = 8.0 * sight.part["ripe"].reshape(-1, RINGS, SECTORS)[:, :2].sum(axis=1)
    sector = np.abs((ANGLES - others.bearing[..., None] + np.pi) % (2 * np.pi) - np.pi).argmin(axis=2)
    beside = (sector[..., None] + np.array([-1, 0, 1])) % SECTORS
    left = ripe[np.arange(len(ripe))[:, None, None], beside].sum(axis=2)
    guilty = (others.eating & (left <= LITTLE)) | (others.greed > NOTORIOUS)
    return np.asarray(guilty & (others.distance_m < RANGE_M) & ~others.held)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""

    def rule(observation: np.ndarray, keys: np.ndarray) -> np.ndarray:
        sight = see(observation, config)
        others = company(sight)
        guilty = trespass(sight, others)
        ready = guilty.any(axis=1) & (sight.part["cooling"][:, 0] <= 0) & (sight.part["held"][:, 0] <= 0)
        bearing = others.bearing[np.arange(len(guilty)), guilty.argmax(axis=1)]
        aims = ready & (np.abs(bearing) < AIM_RAD)
        return act(sight, RESTRAINT, config, np.where(aims, POINT, 0), np.where(ready, bearing, np.nan))

    return Rule("punisher", rule)
