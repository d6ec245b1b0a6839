"""All that gathering remembers between steps."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import building, formation, greeting, plan, utterance
from avatarium.worlds.core.bodies import BODY_FIELDS
from avatarium.worlds.core.building import SIZE
from avatarium.worlds.core.proprioception import TRAIL_FIELDS
from avatarium.worlds.core.speech import WORDS
from avatarium.worlds.gathering.config import Config

AVATAR = np.dtype(
    [
        *BODY_FIELDS,
        *TRAIL_FIELDS,
        *utterance.FIELDS,
        *greeting.FIELDS,
        *formation.FIELDS,
        ("comes", "i4"),  # step before which it is not there yet
        ("leaves", "i4"),  # step from which its time is up
        ("gone", "u1"),  # whether it has left for good
        ("warmth", "f4"),  # what its face shows of its pleasure in what it hears, -1 to 1
        ("shuns", "i2"),  # whom it turns away from, -1 for nobody
        ("shuns_until", "i4"),  # step
    ],
    align=True,
)

FLOOR = np.dtype([("speaker", "i2"), ("last", "i2"), ("held", "i4"), ("silent", "i4")], align=True)
"""Of a conversation: who alone speaks (``floor.SILENCE`` for nobody, ``floor.OVERLAP`` for several), who spoke alone last (-1 for nobody),
steps for which that one has held the floor, steps of silence since."""

PAIR = np.dtype([("weariness", "f4"), ("regard", "f4"), ("met", "u1")], align=True)
"""Of one avatar towards another: how tired it is of it (0 to 1), what pleasure it remembers having had with it (-1 to 1), whether they
have been in one conversation."""


class State(NamedTuple):
    """Every field has the environments as its first axis; A = guests, then crowd; W = topics, which are the words."""

    plan: plan.Plan
    avatars: np.ndarray  # AVATAR [N, A]
    formations: np.ndarray  # formation.FORMATION [N, F]: conversations
    floors: np.ndarray  # FLOOR [N, F]: who has the floor in each
    interests: np.ndarray  # float32 [N, A, W]: what each topic is worth to each avatar, fixed for the episode
    boredom: np.ndarray  # float32 [N, A, W]: by how much each topic has worn off for each avatar, 0 to 1
    tastes: np.ndarray  # float32 [N, A, A, W]: what each avatar has seen of each other one's liking for each topic; 0 = nothing
    pairs: np.ndarray  # PAIR [N, A, A]
    greetings: np.ndarray  # greeting.GREETING [N, A, A]
    rooms: np.ndarray  # building.ROOM [N, building.ROOMS]: the hall, and the entrance within it
    num_rooms: np.ndarray  # int32 [N]
    doors: np.ndarray  # building.DOOR [N, building.DOORS]: the one door
    num_doors: np.ndarray  # int32 [N]
    extent: np.ndarray  # int32 [N, 2]: width and height of the hall in cells


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    count = config.guests + config.crowd
    formations = formation.allocate(num_envs, count)
    return State(
        avatars=np.zeros((num_envs, count), AVATAR),
        formations=formations,
        floors=np.zeros(formations.shape, FLOOR),
        interests=np.zeros((num_envs, count, WORDS), np.float32),
        boredom=np.zeros((num_envs, count, WORDS), np.float32),
        tastes=np.zeros((num_envs, count, count, WORDS), np.float32),
        pairs=np.zeros((num_envs, count, count), PAIR),
        greetings=np.zeros((num_envs, count, count), greeting.GREETING),
        **building.allocate(num_envs),
    )


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the square metre in which each guest is, numbered row by row."""
    guests = state.avatars[:, : config.guests]
    return guests["y"].astype(np.int64) * (SIZE // 2) + guests["x"].astype(np.int64)
