"""A scripted walker that sees what learners see: heads for the most promising opening and keeps away from where it came from."""

from typing import Any

import numpy as np

from avatarium.worlds.core.rays import RAYS
from avatarium.worlds.wayfinding.guide import as_controls
from avatarium.worlds.wayfinding.observe import roles

ANGLES = np.linspace(-0.75 * np.pi, 0.75 * np.pi, RAYS)


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 2] (or float32 [B, 3]) for observations float32 [B, D]: gap following after the vector field histogram
    (Borenstein and Koren 1991), drawn by the compass, or by the plate of the destination, and away from the trail."""
    walker = roles(config)[0]
    part = {name: observation[:, where] for name, where in walker.slices().items()}
    free_m = 10.0 * (1.0 - part["nearness"])
    opening = np.minimum(np.minimum(free_m, np.roll(free_m, 1, axis=1)), np.roll(free_m, -1, axis=1))
    ahead, left = _draw(part, config)
    distance_m = np.hypot(ahead, left)[:, None]
    towards = np.cos(ANGLES[None] - np.arctan2(left, ahead)[:, None]) * (distance_m > 0)
    trail = np.arctan2(part["trail"][:, 3], part["trail"][:, 2])
    onward = np.cos(ANGLES[None] - trail[:, None]) * np.hypot(part["trail"][:, 2], part["trail"][:, 3])[:, None]
    worth = 2.0 * towards * np.minimum(opening, np.maximum(distance_m, 0.5)) + 1.5 * onward + 0.5 * np.minimum(opening, 4.0)
    worth = np.where(opening < 0.6, worth - 10.0, worth)
    angle = ANGLES[np.argmax(worth, axis=1)]
    turn = np.where(angle > 0.2, 1, np.where(angle < -0.2, 2, 0))
    front = free_m[:, RAYS // 2 - 2 : RAYS // 2 + 2].min(axis=1)
    walk = np.where((np.abs(angle) < 0.9) & (front > 0.45), 1, np.where(front < 0.4, 2, 0))
    choices = np.stack([walk, turn], axis=1).astype(np.int32)
    return as_controls(choices) if walker.continuous else choices


def _draw(part: dict[str, np.ndarray], config: Any) -> tuple[np.ndarray, np.ndarray]:
    """Where to go, in metres ahead and to the left: the destination, or its plate when one is in sight, else nowhere."""
    if config.guidance == "compass":
        distance = 1.0 / np.maximum(part["near"][:, 0], 1e-3) - 1.0
        return part["compass"][:, 0] * distance, part["compass"][:, 1] * distance
    plates = part["plates"].reshape(len(part["plates"]), 3, -1)
    known = plates[:, :, 3] > 0.5
    place = np.where(known[:, :, None], plates[:, :, 1:3], 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)[:, None]
    return 8.0 * place[:, 0], 8.0 * place[:, 1]
