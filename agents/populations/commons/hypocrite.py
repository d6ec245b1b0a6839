"""A steward while somebody looks at it, greedy as soon as nobody does."""

from typing import Any

import numpy as np

from avatarium.agents.populations.commons._company import company
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.commons.heuristic import RESTRAINT
from avatarium.worlds.commons.picking import act, see

ROLES = ("picker",)
NEAR_M = 6.0
LOOKS_THIS_WAY = 0.5
"""Cosine of how far beside it somebody may look who is taken for a witness."""


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""

    def rule(observation: np.ndarray, keys: np.ndarray) -> np.ndarray:
        sight = see(observation, config)
        others = company(sight)
        watched = ((others.distance_m < NEAR_M) & (others.facing > LOOKS_THIS_WAY)).any(axis=1)
        return act(sight, np.where(watched, RESTRAINT, 0), config)

    return Rule("hypocrite", rule)
