"""How scripted pickers go about: they see what learners see, and differ in how much fruit has to be left around what they pick."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from avatarium.worlds.commons.observe import COLUMNS, SHOWN, roles
from avatarium.worlds.core.polar import RINGS, SECTORS
from avatarium.worlds.core.speech import NONE, USE

SECTOR_RAD = 2 * np.pi / SECTORS
ANGLES = (np.arange(SECTORS) * SECTOR_RAD + np.pi) % (2 * np.pi) - np.pi
"""Of the sectors: 0 ahead, positive to the left."""
WORTH = np.array([0.5, 1.0, 0.4])
"""Of a ripe tree in each ring, to somebody who looks for a better place."""


@dataclass(frozen=True)
class Sight:
    """Observations [B, D] taken apart."""

    part: dict[str, np.ndarray]
    """Features [B, size] by name."""
    next_m: np.ndarray
    """[B, SHOWN, 2]: where the nearest fruits are, ahead and to the left (m)."""
    next_around: np.ndarray
    """[B, SHOWN]: ripe trees around each of them; -1 where there is no fruit."""
    reach_around: np.ndarray
    """[B]: ripe trees around the fruit within reach; -1 where there is none."""


def see(observation: np.ndarray, config: Any) -> Sight:
    """Take observations [B, D] apart."""
    part = {name: observation[:, where] for name, where in roles(config)[0].slices().items()}
    rows = part["next_fruit"].reshape(len(observation), SHOWN, COLUMNS)
    within = part["within_reach"]
    return Sight(
        part,
        10.0 * rows[:, :, 1:3],
        np.where(rows[:, :, 0] > 0.5, np.round(8 * rows[:, :, 3]), -1),
        np.where(within[:, 0] > 0.5, np.round(8 * within[:, 1]), -1),
    )


def act(
    sight: Sight, restraint: np.ndarray | int, config: Any, hand: np.ndarray | None = None, face: np.ndarray | None = None
) -> np.ndarray:
    """What pickers do who eat where ``restraint`` [B] ripe trees are around, and go where such fruit is.

    ``hand`` [B] is what the hand does instead where it is not 0; ``face`` [B], where it is a number, is an angle (rad, to the left) to
    turn to instead of walking.
    """
    wanted = sight.reach_around >= restraint
    bearing = clear_way(sight, towards(sight, restraint))
    turn = np.where(bearing > 0.17, 1, np.where(bearing < -0.17, 2, 0))
    walk = np.where((np.abs(bearing) < 0.8) & ~wanted, 1, 0)
    if face is not None:
        facing = np.isfinite(face)
        turn = np.where(facing, np.where(face > 0.17, 1, np.where(face < -0.17, 2, 0)), turn)
        walk = np.where(facing, 0, walk)
    does = np.where(wanted & (sight.part["hunger"][:, 0] > 0.99), USE, NONE)
    if hand is not None:
        does = np.where(hand > 0, hand, does)
    return as_actions(walk, turn, does, config)


def towards(sight: Sight, restraint: np.ndarray | int) -> np.ndarray:
    """Angle [B] (rad, to the left) of the nearest fruit worth picking; else of the sector with most fruit; else straight on."""
    fits = sight.next_around >= np.broadcast_to(np.asarray(restraint), len(sight.next_m))[:, None]
    first, rows = fits.argmax(axis=1), np.arange(len(fits))
    ahead, left = sight.next_m[rows, first].T
    ripe = sight.part["ripe"].reshape(-1, RINGS, SECTORS)
    worth = (ripe * WORTH[:, None]).sum(axis=1) + 0.02 * np.cos(ANGLES)
    return np.where(fits.any(axis=1), np.arctan2(left, ahead), ANGLES[worth.argmax(axis=1)])


def clear_way(sight: Sight, bearing: np.ndarray) -> np.ndarray:
    """``bearing`` [B], or the way along a wall or hedge that stands in that direction, always with it on the left: so one gets round."""
    close = sight.part["whiskers"]
    wall = ANGLES[close.argmax(axis=1)]
    blocked = (close.max(axis=1) > 0.8) & (np.cos(bearing - wall) > 0.1)
    return np.where(blocked, turned(wall - 0.5 * np.pi), bearing)


def turned(angle: np.ndarray) -> np.ndarray:
    """Angles (rad) brought into [-pi, pi)."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def as_actions(walk: np.ndarray, turn: np.ndarray, hand: np.ndarray, config: Any) -> np.ndarray:
    """Choices [B] of the three heads, as the role takes them."""
    if config.control == "discrete":
        return np.stack([walk, turn, hand], axis=1).astype(np.int32)
    forward, spin = np.array([0, 1, -1, 0, 0])[walk], np.array([0, 1, -1])[turn]
    return np.stack([forward, np.zeros_like(forward), spin, np.array([0, 1, 0, -1])[hand]], axis=1).astype(np.float32)
