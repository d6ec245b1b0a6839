"""Guests of one rule and many manners."""

from typing import Any

import numpy as np

from avatarium.agents.scripted import Rule
from avatarium.worlds.gathering.manners import Manner, act


def mannered(name: str, manner: Manner, config: Any) -> Rule:
    """The policy of a guest with this manner; it sees what learners see."""

    def rule(observation: np.ndarray, keys: np.ndarray) -> np.ndarray:
        return act(observation, config, manner)

    return Rule(name, rule)
