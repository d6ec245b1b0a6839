"""Says what it wants in words that no scripted host knows, and follows the host."""

from typing import Any

import numpy as np

from avatarium.agents.populations.concierge._parts import Parts, seeing
from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.concierge.heuristic import visitor
from avatarium.worlds.core.speech import WORDS

ROLES = ("visitor",)


def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
    """The policy."""
    return seeing("foreigner", spec, role, config, speak_otherwise)


def speak_otherwise(parts: Parts, keys: np.ndarray) -> np.ndarray:
    """Actions int32 [B, 4] with the words counted from the other end."""
    actions = visitor(parts)
    actions[:, 3] = WORDS + 1 - actions[:, 3]
    return actions
