"""A scripted visitor that sees what learners see: follows openings away from where it came from, and stops to look at what it passes."""

from typing import Any

import numpy as np

from avatarium.worlds.core.rays import RAYS
from avatarium.worlds.museum.looking import SIGHT_M
from avatarium.worlds.museum.observe import COLUMNS, NEAREST, roles

ANGLES = np.linspace(-0.75 * np.pi, 0.75 * np.pi, RAYS)


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 3] for observations float32 [B, D]."""
    part = {name: observation[:, where] for name, where in roles(config)[0].slices().items()}
    angle, front = _onward(part)
    exhibits = part["exhibits"].reshape(-1, NEAREST, COLUMNS)
    ahead, left = exhibits[:, 0, 1] * float(SIGHT_M), exhibits[:, 0, 2] * float(SIGHT_M)
    away, aside = np.hypot(ahead, left), np.arctan2(left, ahead)
    moved = np.hypot(part["trail"][:, 0], part["trail"][:, 1]) * 2.0
    there = exhibits[:, 0, 0] > 0
    close = there & (away < 1.9) & (moved > 0.35)
    heading = np.where(close, aside, angle)
    turn = np.where(heading > 0.2, 1, np.where(heading < -0.2, 2, 0))
    walk = np.where(close, 0, np.where((np.abs(angle) < 0.9) & (front > 0.45), 1, np.where(front < 0.4, 2, 0)))
    machine = there & (exhibits[:, 0, 4:8].max(axis=1) > 0) & (away < 1.5) & (np.abs(aside) < 0.7)
    hand = np.where(machine & (part["gestures"].sum(axis=1) < 3), 1, 0)
    return np.stack([walk, turn, hand], axis=1).astype(np.int32)


def _onward(part: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The angle to go on at (rad), towards wide openings and away from the trail; how far it is free ahead (m)."""
    free_m = 10.0 * (1.0 - part["nearness"])
    opening = np.minimum(np.minimum(free_m, np.roll(free_m, 1, axis=1)), np.roll(free_m, -1, axis=1))
    trail = np.arctan2(part["trail"][:, 3], part["trail"][:, 2])
    onward = np.cos(ANGLES[None] - trail[:, None]) * np.hypot(part["trail"][:, 2], part["trail"][:, 3])[:, None]
    worth = 3.0 * onward + 0.5 * np.minimum(opening, 4.0) + 0.3 * np.cos(ANGLES)[None]
    worth = np.where(opening < 0.6, worth - 10.0, worth)
    return ANGLES[np.argmax(worth, axis=1)], free_m[:, RAYS // 2 - 2 : RAYS // 2 + 2].min(axis=1)
