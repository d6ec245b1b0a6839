"""All that wayfinding remembers between steps."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import building, forecast, geodesic, plan
from avatarium.worlds.core.bodies import BODY_FIELDS
from avatarium.worlds.core.building import SIZE
from avatarium.worlds.core.proprioception import TRAIL_FIELDS
from avatarium.worlds.wayfinding.config import Config

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
        *TRAIL_FIELDS,
    ],
    align=True,
)


LEARNED = Path(__file__).with_name("forecast.npz")
"""How walkers go on, learned from recordings (``python -m avatarium.training.studies.forecasts``)."""


class State(NamedTuple):
    """Every field has the environments as its first axis; A = walkers, then crowd."""

    plan: plan.Plan
    avatars: np.ndarray  # AVATAR [N, A]
    ways: np.ndarray  # uint16 [N, A, SIZE, SIZE]: decimetres to each avatar's destination
    rooms: np.ndarray  # building.ROOM [N, building.ROOMS]
    num_rooms: np.ndarray  # int32 [N]
    doors: np.ndarray  # building.DOOR [N, building.DOORS]
    num_doors: np.ndarray  # int32 [N]
    extent: np.ndarray  # int32 [N, 2]: width and height of the building in cells
    scratch: np.ndarray  # working memory of geodesic.flood
    tracks: forecast.Tracks


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    avatars = config.walkers + config.crowd
    return State(
        avatars=np.zeros((num_envs, avatars), AVATAR),
        ways=np.zeros((num_envs, avatars, SIZE, SIZE), np.uint16),
        scratch=geodesic.allocate_scratch(num_envs),
        tracks=forecast.allocate(num_envs, avatars, config.forecast, LEARNED),
        **building.allocate(num_envs),
    )


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the square metre in which each walker is, numbered row by row."""
    walkers = state.avatars[:, : config.walkers]
    return walkers["y"].astype(np.int64) * (SIZE // 2) + walkers["x"].astype(np.int64)
