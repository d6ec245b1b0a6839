"""Colours of people, and how colours become light. What else has a colour has it from a theme."""

import numpy as np

from avatarium.worlds.core.colours import PEOPLE

__all__ = ["PEOPLE", "linear", "person"]


def person(index: int) -> tuple[int, int, int]:
    """The sRGB colour of a palette index."""
    r, g, b = PEOPLE[index % len(PEOPLE)].tolist()
    return r, g, b


def linear(colour: object) -> np.ndarray:
    """sRGB bytes [..., 3] as linear light, float32 in [0, 1]."""
    return ((np.asarray(colour, np.float32) / 255.0) ** 2.2).astype(np.float32)
