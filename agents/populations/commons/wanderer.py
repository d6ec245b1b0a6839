"""Strolls about with no plan and eats what happens to be within reach, now and then."""

from typing import Any

import numpy as np

from avatarium.agents.scripted import Rule, uniform
from avatarium.worlds import WorldSpec
from avatarium.worlds.commons.picking import as_actions, clear_way, see
from avatarium.worlds.core.speech import NONE, USE

ROLES = ("picker",)
TURNS, EATS = 0.3, 0.1
"""Chance per step to turn, either way, and to eat what is within reach."""


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""

    def rule(observation: np.ndarray, keys: np.ndarray) -> np.ndarray:
        sight = see(observation, config)
        lot, appetite = uniform(keys, 0), uniform(keys, 1)
        whim = np.where(lot < 0.5 * TURNS, 1.0, np.where(lot < TURNS, -1.0, 0.0))
        bearing = clear_way(sight, whim)
        turn = np.where(bearing > 0.5, 1, np.where(bearing < -0.5, 2, 0))
        hand = np.where((sight.reach_around >= 0) & (appetite < EATS), USE, NONE)
        return as_actions(np.where(np.abs(bearing) < 1.2, 1, 0), turn, hand, config)

    return Rule("wanderer", rule)
