"""All that wayfinding remembers between steps."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import geodesic, plan
from avatarium.worlds.core.bodies import BODY_FIELDS
from avatarium.worlds.wayfinding.config import Config

SIZE = 64  # cells of 0.5 m along each side of the largest building
BOXES = 96
ROOMS = 32
DOORS = 64

AVATAR = np.dtype(
    [
        *BODY_FIELDS,
        ("goal_x", "f4"),  # m: middle of the destination
        ("goal_y", "f4"),
        ("goal_room", "i4"),  # index in rooms
        ("way", "f4"),  # m: length of the way that is left, over cells
        ("oracle", "f4"),  # m: shortest walk when the journey began
        ("walked_m", "f4"),  # m walked since
        ("spent", "i4"),  # steps since
        ("budget", "i4"),  # steps after which the journey fails
        ("short_x", "f4"),  # m: where it was of late (leaky mean over 2 s)
        ("short_y", "f4"),
        ("long_x", "f4"),  # m: where it was for longer (leaky mean over 8 s)
        ("long_y", "f4"),
    ],
    align=True,
)
ROOM = np.dtype([("x0", "i2"), ("y0", "i2"), ("x1", "i2"), ("y1", "i2"), ("kind", "i2"), ("number", "i2")])
"""Cells from (x0, y0) to (x1, y1), ends included; kind 0 is a corridor, 1 to 8 the kinds of room; number among rooms of its kind."""

DOOR = np.dtype([("x", "f4"), ("y", "f4"), ("ahead", "i2"), ("behind", "i2"), ("along_x", "i2")], align=True)
"""Middle of a door (m); the rooms on its two sides (above or right, below or left); whether its wall runs along x."""


class State(NamedTuple):
    """Every field has the environments as its first axis; A = walkers, then crowd."""

    plan: plan.Plan
    avatars: np.ndarray  # AVATAR [N, A]
    ways: np.ndarray  # uint16 [N, A, SIZE, SIZE]: decimetres to each avatar's destination
    rooms: np.ndarray  # ROOM [N, ROOMS]
    num_rooms: np.ndarray  # int32 [N]
    doors: np.ndarray  # DOOR [N, DOORS]
    num_doors: np.ndarray  # int32 [N]
    extent: np.ndarray  # int32 [N, 2]: width and height of the building in cells
    scratch: np.ndarray  # working memory of geodesic.flood


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    avatars = config.walkers + config.crowd
    return State(
        plan.allocate(num_envs, BOXES, SIZE),
        np.zeros((num_envs, avatars), AVATAR),
        np.zeros((num_envs, avatars, SIZE, SIZE), np.uint16),
        np.zeros((num_envs, ROOMS), ROOM),
        np.zeros(num_envs, np.int32),
        np.zeros((num_envs, DOORS), DOOR),
        np.zeros(num_envs, np.int32),
        np.zeros((num_envs, 2), np.int32),
        geodesic.allocate_scratch(num_envs),
    )


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the square metre in which each walker is, numbered row by row."""
    walkers = state.avatars[:, : config.walkers]
    return walkers["y"].astype(np.int64) * (SIZE // 2) + walkers["x"].astype(np.int64)
