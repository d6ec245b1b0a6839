"""Stays where it is, turns to where the way begins, and points."""

from typing import Any

import numpy as np

from avatarium.agents.populations.concierge._parts import Parts, seeing
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.concierge.heuristic import host
from avatarium.worlds.core.bodies import STAY

ROLES = ("host",)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return seeing("pointer", spec, role, config, point)


def point(parts: Parts, keys: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 5]: as the guide turns, without walking."""
    actions = host(parts)
    actions[:, 0] = STAY
    return actions
