"""Knows beforehand where to lead, as hosts do with insight=1, or follows without asking; says anything: shows walking, and no language."""

from typing import Any

import numpy as np

from avatarium.agents.populations.concierge._parts import Parts, seeing
from avatarium.agents.scripted import Rule, uniform
from avatarium.worlds import WorldSpec
from avatarium.worlds.concierge.heuristic import FAR_M, lead, nearest, visitor
from avatarium.worlds.core.speech import WORDS

ROLES = ("host", "visitor")


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return seeing("usher", spec, role, config, usher if role == "host" else companion)


def usher(parts: Parts, keys: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 5]: leads to the only room that may be wished for, if it knows that there is only one."""
    there = parts["possible"] > 0
    seen, ahead, left = nearest(parts["people"])
    return babbling(lead(parts, there.argmax(axis=1), (there.sum(axis=1) == 1) & seen & (np.hypot(ahead, left) < FAR_M)), keys)


def companion(parts: Parts, keys: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 4]: walks after the host."""
    return babbling(visitor(parts), keys)


def babbling(actions: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The same with a random word in every step, or silence."""
    actions[:, 3] = np.floor(uniform(keys, 0) * (WORDS + 1))
    return actions
