"""A scripted guest that sees what learners see, and is polite: it greets, takes turns, minds faces, and moves on in time."""

from typing import Any

import numpy as np

from avatarium.worlds.gathering.manners import POLITE, act


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 4] (or float32 [B, 6]) for observations float32 [B, D]."""
    return act(observation, config, POLITE)
