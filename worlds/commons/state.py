"""All that commons remembers between steps."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.commons.config import Config
from avatarium.worlds.core import plan
from avatarium.worlds.core.bodies import BODY_FIELDS
from avatarium.worlds.core.building import ROOM
from avatarium.worlds.core.proprioception import TRAIL_FIELDS

SIZE = 64
"""Cells along each side of the largest garden."""
BOXES = 16
"""The four walls and the hedges."""
TRAITS = 3
"""What is seen of others beside how they stand: whether they are in time-out, and their reputation."""

AVATAR = np.dtype(
    [
        *BODY_FIELDS,
        ("plot", "i4"),  # whose fruit it may eat: that of the trees with this owner
        ("meal", "i4"),  # the tree whose fruit is within reach, -1 where there is none
        ("chewing", "i4"),  # steps until the next meal
        ("cooling", "i4"),  # steps until the next fine
        ("held", "i4"),  # steps of time-out that are left
        ("eaten", "i4"),  # meals of this episode
        ("plenty", "f4"),  # meals per second of late
        ("greed", "f4"),  # share of its last meals that were scarce
        ("blame", "f4"),  # fines received of late
        *TRAIL_FIELDS,
    ],
    align=True,
)

PATCH = np.dtype([*ROOM.descr, ("first", "i4"), ("count", "i4")], align=True)
"""A bed of the garden: its cells as those of a room, and its trees, first to first + count - 1."""


class State(NamedTuple):
    """Every field has the environments as its first axis; A pickers, P patches, T trees at most."""

    plan: plan.Plan
    avatars: np.ndarray  # AVATAR [N, A]
    rooms: np.ndarray  # PATCH [N, P]: the beds, which are drawn like rooms
    num_rooms: np.ndarray  # int32 [N]
    extent: np.ndarray  # int32 [N, 2]: width and height of the garden in cells
    trees: np.ndarray  # float32 [N, 2, T]: x and y (m)
    patch: np.ndarray  # int32 [N, T]: of each tree
    owner: np.ndarray  # uint8 [N, T]: the plot that it belongs to; where nothing is private, there is one
    num_trees: np.ndarray  # int32 [N]
    ripe: np.ndarray  # uint8 [N, T]: 1 = bears fruit
    near: np.ndarray  # uint8 [N, T]: how many ripe ones there are within growth.NEAR_M of each tree, itself not counted
    traits: np.ndarray  # float32 [N, A, TRAITS]: what others see of each picker
    bins: np.ndarray  # uint8 [N, T]: working memory of polar.sort
    away2: np.ndarray  # float32 [N, T]: the same, m^2


def most_trees(config: Config) -> int:
    """Of a patch, held out or not."""
    return config.trees + config.trees // 2 + 2


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    trees = config.patches * most_trees(config)
    return State(
        plan=plan.allocate(num_envs, BOXES, SIZE),
        avatars=np.zeros((num_envs, config.pickers), AVATAR),
        rooms=np.zeros((num_envs, config.patches), PATCH),
        num_rooms=np.zeros(num_envs, np.int32),
        extent=np.zeros((num_envs, 2), np.int32),
        trees=np.zeros((num_envs, 2, trees), np.float32),
        patch=np.zeros((num_envs, trees), np.int32),
        owner=np.zeros((num_envs, trees), np.uint8),
        num_trees=np.zeros(num_envs, np.int32),
        ripe=np.zeros((num_envs, trees), np.uint8),
        near=np.zeros((num_envs, trees), np.uint8),
        traits=np.zeros((num_envs, config.pickers, TRAITS), np.float32),
        bins=np.zeros((num_envs, trees), np.uint8),
        away2=np.zeros((num_envs, trees), np.float32),
    )


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the square metre in which each picker is, numbered row by row."""
    return state.avatars["y"].astype(np.int64) * (SIZE // 2) + state.avatars["x"].astype(np.int64)
