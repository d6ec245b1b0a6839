"""Asks nobody: walks straight on, and turns by chance where it cannot."""

from typing import Any

import numpy as np

from avatarium.agents.populations.concierge._parts import Parts, seeing
from avatarium.agents.scripted import Rule, uniform
from avatarium.worlds import WorldSpec
from avatarium.worlds.core.bodies import FORWARD, STRAIGHT, TURN_LEFT, TURN_RIGHT
from avatarium.worlds.core.rays import RAYS

ROLES = ("visitor",)
AHEAD = slice(RAYS // 2 - 2, RAYS // 2 + 2)
BLOCKED = 0.93
"""Nearness of what is 0.7 m away."""


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return seeing("explorer", spec, role, config, wander)


def wander(parts: Parts, keys: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 4]."""
    nearness = parts["nearness"]
    blocked = nearness[:, AHEAD].max(axis=1) > BLOCKED
    roomier = np.where(nearness[:, : RAYS // 2].mean(axis=1) < nearness[:, RAYS // 2 :].mean(axis=1), TURN_RIGHT, TURN_LEFT)
    whim = np.where(uniform(keys, 1) < 0.5, TURN_LEFT, TURN_RIGHT)
    turn = np.where(blocked, roomier, np.where(uniform(keys, 0) < 0.1, whim, STRAIGHT))
    return np.stack([np.full(len(turn), FORWARD), turn, np.zeros_like(turn), np.zeros_like(turn)], axis=1).astype(np.int32)
