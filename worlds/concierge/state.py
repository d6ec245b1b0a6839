"""All that concierge remembers between steps."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.concierge.config import Config
from avatarium.worlds.core import building, geodesic, plan
from avatarium.worlds.core.bodies import BODY_FIELDS
from avatarium.worlds.core.building import SIZE
from avatarium.worlds.core.proprioception import TRAIL_FIELDS

KINDS = ("office", "kitchen", "library", "workshop", "clinic", "studio", "archive", "lounge")
"""Kinds of room that may be wished for, each at most once in a building."""
LOBBY, HALL = len(KINDS) + 1, len(KINDS) + 2
"""Numbers of the two kinds that nobody wishes for."""
PLACES = (*KINDS, "lobby")
"""What the host can recall, in the order of these numbers."""
ABSENT, HERE, GONE = 0, 1, 2

AVATAR = np.dtype(
    [
        *BODY_FIELDS,
        *TRAIL_FIELDS,
        ("wish", "i4"),  # kind of room that a visitor wants to see, 1 to 8; 0 for the host
        ("way", "f4"),  # m: length of the way to it that is left, over cells
        ("oracle", "f4"),  # m: shortest walk to it when the wish came up
        ("spent", "i4"),  # steps since
        ("budget", "i4"),  # steps after which it is given up
        ("settled", "i4"),  # wishes behind it
        ("known", "u1"),  # whether the host knows this wish beforehand
        ("stage", "i4"),  # ABSENT, HERE or GONE
        ("mind", "i4"),  # place that the host has in mind: kind of room, or LOBBY
        ("comes", "i4"),  # step at which it may come in
    ],
    align=True,
)


class State(NamedTuple):
    """Every field has the environments as its first axis; avatar 0 is the host, the others are visitors."""

    plan: plan.Plan
    avatars: np.ndarray  # AVATAR [N, 1 + visitors]
    ways: np.ndarray  # uint16 [N, 9, SIZE, SIZE]: decimetres to the room of each kind, and to the lobby
    rooms: np.ndarray  # building.ROOM [N, building.ROOMS]
    num_rooms: np.ndarray  # int32 [N]
    doors: np.ndarray  # building.DOOR [N, building.DOORS]
    num_doors: np.ndarray  # int32 [N]
    extent: np.ndarray  # int32 [N, 2]: width and height of the building in cells
    room_of: np.ndarray  # int32 [N, 9]: room of each kind, and the lobby; -1 where there is none
    scratch: np.ndarray  # working memory of geodesic.flood


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    return State(
        avatars=np.zeros((num_envs, 1 + config.visitors), AVATAR),
        ways=np.zeros((num_envs, LOBBY, SIZE, SIZE), np.uint16),
        room_of=np.zeros((num_envs, LOBBY), np.int32),
        scratch=geodesic.allocate_scratch(num_envs),
        **building.allocate(num_envs),
    )


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the square metre in which each avatar of the role is, numbered row by row."""
    avatars = state.avatars[:, :1] if role == "host" else state.avatars[:, 1:]
    return avatars["y"].astype(np.int64) * (SIZE // 2) + avatars["x"].astype(np.int64)
