"""What pickers make of the others they see."""

from dataclasses import dataclass

import numpy as np

from avatarium.worlds.commons.picking import Sight
from avatarium.worlds.core import people


@dataclass(frozen=True)
class Company:
    """Those in sight, K of them, nearest first: absent ones are infinitely far away."""

    distance_m: np.ndarray  # [B, K]
    bearing: np.ndarray  # [B, K]: rad, to the left
    facing: np.ndarray  # [B, K]: how directly they look this way: 1 = straight at it, -1 = away
    eating: np.ndarray  # bool [B, K]: uses its hand
    held: np.ndarray  # bool [B, K]: in time-out
    greed: np.ndarray  # [B, K]: reputation: share of scarce meals


def company(sight: Sight) -> Company:
    """Who is in sight."""
    rows = sight.part["people"].reshape(-1, people.NEAREST, people.COLUMNS)
    gestures = sight.part["gestures"].reshape(-1, people.NEAREST, people.SHOWN)
    present, ahead, left, cos, sin = np.moveaxis(rows, -1, 0)[:5]
    distance = 10.0 * np.hypot(ahead, left)
    towards = -(ahead * cos + left * sin) / np.maximum(0.1 * distance, 1e-6)
    known = sight.part["reputation"].reshape(-1, people.NEAREST, 2)
    away, bearing = np.where(present > 0.5, distance, np.inf), np.arctan2(left, ahead)
    return Company(away, bearing, towards, gestures[:, :, 0] > 0.5, rows[:, :, 7] > 0.5, known[:, :, 0])
