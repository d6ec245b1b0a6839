"""All that domination remembers between steps."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import geodesic, plan
from avatarium.worlds.core.bodies import BODY_FIELDS
from avatarium.worlds.core.building import ROOM
from avatarium.worlds.core.proprioception import TRAIL_FIELDS
from avatarium.worlds.core.sight import SIGHT_FIELDS
from avatarium.worlds.domination.config import Config

RED, BLUE = 0, 1
POINTS = 3
MIDDLE, OWN, FAR = range(POINTS)
"""Points as a team numbers them: the one in the middle, the one nearer to its own base, the one nearer to the other's."""
HOME, AWAY = 3, 4
"""The zones of the own base and of the other one, numbered on after the points: ways lead there as well."""
ZONES = 5
NOBODY = -1
SIZE = 48
"""Cells along each side of the largest arena."""
BOXES = 32
SPAWNS = 12
MOST = 10
"""Avatars of the largest team."""

AVATAR = np.dtype(
    [
        *BODY_FIELDS,
        ("out", "i4"),  # steps until it is back in the arena, 0 = it is there
        ("cool", "i4"),  # steps until it can tag again
        ("on", "i4"),  # point on which it stands, as red numbers them, or -1
        ("prey", "i4"),  # avatar that it tags in this step, or -1
        ("order", "i4"),  # point that it is to take, as its team numbers them
        ("potential", "f4"),  # m of the way to the nearest point that is not its team's
        *SIGHT_FIELDS,
        *TRAIL_FIELDS,
    ],
    align=True,
)


class State(NamedTuple):
    """Every field has the environments as its first axis; A = red ones, then blue ones. Points are numbered as red does."""

    plan: plan.Plan
    avatars: np.ndarray  # AVATAR [N, A]
    points: np.ndarray  # float32 [N, POINTS, 2]: x, y (m)
    owners: np.ndarray  # int8 [N, POINTS]: RED, BLUE or NOBODY
    held: np.ndarray  # int32 [N, POINTS]: steps since that began
    score: np.ndarray  # int32 [N, 2]: steps in which a point counted, summed over points
    due: np.ndarray  # bool [N]: orders and commands are taken in the next step
    chosen: np.ndarray  # int32 [N, 2]: the distribution that each commander chose last, -1 before it has
    here: np.ndarray  # int32 [N, 2]: how many of a team are in the arena
    near: np.ndarray  # int32 [N, 2, POINTS]: how many of a team are near a point, as the team numbers them
    map: np.ndarray  # uint16 [N, SIZE, SIZE, 2 * ZONES]: of each cell decimetres to each zone, as seen by red, then signposts to each
    field: np.ndarray  # uint16 [N, SIZE, SIZE]: working memory of level.measure
    rooms: np.ndarray  # building.ROOM [N, 2]: the bases
    num_rooms: np.ndarray  # int32 [N]
    extent: np.ndarray  # int32 [N, 2]: width and height of the arena in cells
    scratch: np.ndarray  # working memory of geodesic.flood
    lengths: np.ndarray  # float32 [N, MOST, POINTS]: working memory of command.spread
    sent: np.ndarray  # int64 [N, MOST]: the same
    cost: np.ndarray  # float32 [N, MOST + 1, MOST + 1]: the same
    choice: np.ndarray  # uint8 [N, MOST, MOST + 1, MOST + 1]: the same


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    lead = (num_envs,)
    return State(
        plan=plan.allocate(num_envs, BOXES, SIZE),
        avatars=np.zeros((*lead, 2 * config.team), AVATAR),
        points=np.zeros((*lead, POINTS, 2), np.float32),
        owners=np.zeros((*lead, POINTS), np.int8),
        held=np.zeros((*lead, POINTS), np.int32),
        score=np.zeros((*lead, 2), np.int32),
        due=np.zeros(lead, np.bool_),
        chosen=np.zeros((*lead, 2), np.int32),
        here=np.zeros((*lead, 2), np.int32),
        near=np.zeros((*lead, 2, POINTS), np.int32),
        map=np.zeros((*lead, SIZE, SIZE, 2 * ZONES), np.uint16),
        field=np.zeros((*lead, SIZE, SIZE), np.uint16),
        rooms=np.zeros((*lead, 2), ROOM),
        num_rooms=np.zeros(lead, np.int32),
        extent=np.zeros((*lead, 2), np.int32),
        scratch=geodesic.allocate_scratch(num_envs),
        lengths=np.zeros((*lead, MOST, POINTS), np.float32),
        sent=np.zeros((*lead, MOST), np.int64),
        cost=np.zeros((*lead, MOST + 1, MOST + 1), np.float32),
        choice=np.zeros((*lead, MOST, MOST + 1, MOST + 1), np.uint8),
    )
