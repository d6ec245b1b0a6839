"""All that the museum remembers between steps."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core import building, gates, geodesic, plan
from avatarium.worlds.core.bodies import BODY_FIELDS
from avatarium.worlds.core.building import SIZE
from avatarium.worlds.core.proprioception import TRAIL_FIELDS
from avatarium.worlds.museum.config import Config
from avatarium.worlds.museum.exhibits import PICTURE, THEMES

LONG_ENOUGH = 10
"""Steps of attention without a break after which an exhibit counts as seen."""
EXHIBITS = 32
"""Most exhibits: sets of them are bits of a uint32."""
BOXES = 128
OPEN, WING, VAULT, SHOWCASE, BRICKED = range(5)
"""Where a room or an exhibit is, and what is behind a gate: open to all, in the wing, in the vault, behind glass; bricked up for good."""

AVATAR = np.dtype(
    [
        *BODY_FIELDS,
        ("room", "i4"),  # index in rooms, of the room in which it was last
        ("sight", "u4"),  # exhibits in its field of view
        ("attends", "u4"),  # of these, those that it looks at from nearby
        ("seen", "u4"),  # those that it has looked at long enough
        ("cued", "u4"),  # those that it saw others look at before it had seen them itself
        ("followed", "u4"),  # of these, those that it went to look at soon after
        ("entered", "u4"),  # rooms in which it has been
        ("gain", "f4"),  # by how much its interest, weighed by its taste, rose in the last step
        *TRAIL_FIELDS,
    ],
    align=True,
)

EXHIBIT = np.dtype(
    [("x", "f4"), ("y", "f4"), ("reading_s", "f4"), ("room", "i2"), ("kind", "u1"), ("where", "u1"), ("theme", "u1")], align=True
)
"""Middle (m), how long it takes to read, its room, its kind (index in exhibits.KINDS; 6 is a loop), OPEN to SHOWCASE, its main theme."""

MIND = np.dtype(
    [
        ("rng", "u8"),  # random stream of its own
        ("done", "u4"),  # exhibits that it has dealt with in this round
        ("style", "u1"),  # ANT to BUTTERFLY
        ("phase", "u1"),  # CHOOSING to RESTING
        ("target", "i2"),  # exhibit that it is about
        ("object", "i2"),  # exhibit that it looks at
        ("until", "i4"),  # step in which the phase ends
        ("glance", "i4"),  # step in which it looks back at its target
        ("stand_x", "f4"),  # m: where it goes to look
        ("stand_y", "f4"),
        ("rest", "f4"),  # rad: where it looks while it rests
    ],
    align=True,
)
"""What a scripted visitor is up to; see visiting."""

KEY = np.dtype([("exhibit", "i2"), ("face", "i2")], align=True)
"""A machine and the face that the wing's door asks of it."""


class State(NamedTuple):
    """Every field has the environments as its first axis; A = visitors, then crowd; E exhibits at most."""

    plan: plan.Plan
    rooms: np.ndarray  # building.ROOM [N, building.ROOMS]
    num_rooms: np.ndarray  # int32 [N]
    doors: np.ndarray  # building.DOOR [N, building.DOORS]
    num_doors: np.ndarray  # int32 [N]
    extent: np.ndarray  # int32 [N, 2]: width and height of the building in cells
    gates: np.ndarray  # gates.GATE [N, gates.GATES]; its sort is WING, VAULT, SHOWCASE or BRICKED
    num_gates: np.ndarray  # int32 [N]
    opened: np.ndarray  # uint8 [N, gates.GATES]
    access: np.ndarray  # uint8 [N, building.ROOMS]: OPEN, WING, VAULT or SHOWCASE
    entrance: np.ndarray  # int32 [N]: the room in which visits begin
    exhibits: np.ndarray  # EXHIBIT [N, E]
    num_exhibits: np.ndarray  # int32 [N]
    themes: np.ndarray  # float32 [N, E, THEMES]: what each exhibit is about, of length 1
    keys: np.ndarray  # KEY [N, 2]
    plates: np.ndarray  # float32 [N, 2, 2]: x, y (m)
    tastes: np.ndarray  # float32 [N, A, THEMES]: what each avatar is interested in, of length 1
    styles: np.ndarray  # uint8 [N, A]: how each of the crowd visits
    avatars: np.ndarray  # AVATAR [N, A]
    settings: np.ndarray  # uint8 [N, E]: hidden states of machines
    pictures: np.ndarray  # uint8 [N, E, PICTURE]: what exhibits show
    left: np.ndarray  # int32 [N]: steps since both plates were pressed
    gazing: np.ndarray  # uint8 [N, A, E]: steps for which each avatar has looked at each exhibit without looking away
    faces: np.ndarray  # uint8 [N, A, E]: bit set of the faces that it has seen of it
    cue: np.ndarray  # int32 [N, A, E]: step in which it saw others look at it
    interest: np.ndarray  # float32 [N, A, E]: level of interest, kept up where it is paid or sensed
    minds: np.ndarray  # MIND [N, A]: what the crowd is up to
    ways: np.ndarray  # uint16 [N, max(crowd, 1), SIZE, SIZE]: decimetres to where each of the crowd is going
    scratch: np.ndarray  # working memory of geodesic.flood


LEVEL_FIELDS = (
    *building.LEVEL_FIELDS,
    *gates.LEVEL_FIELDS,
    *("access", "entrance", "exhibits", "num_exhibits", "themes", "keys", "plates", "tastes", "styles"),
)
FRAME_FIELDS = ("avatars", "opened", "settings", "pictures")


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    n, a, e = num_envs, config.visitors + config.crowd, EXHIBITS
    house = {**building.allocate(n), "plan": plan.allocate(n, BOXES, SIZE)}
    return State(
        **house,
        **gates.allocate(n),
        access=np.zeros((n, building.ROOMS), np.uint8),
        entrance=np.zeros(n, np.int32),
        exhibits=np.zeros((n, e), EXHIBIT),
        num_exhibits=np.zeros(n, np.int32),
        themes=np.zeros((n, e, len(THEMES)), np.float32),
        keys=np.zeros((n, 2), KEY),
        plates=np.zeros((n, 2, 2), np.float32),
        tastes=np.zeros((n, a, len(THEMES)), np.float32),
        styles=np.zeros((n, a), np.uint8),
        avatars=np.zeros((n, a), AVATAR),
        settings=np.zeros((n, e), np.uint8),
        pictures=np.zeros((n, e, PICTURE), np.uint8),
        left=np.zeros(n, np.int32),
        gazing=np.zeros((n, a, e), np.uint8),
        faces=np.zeros((n, a, e), np.uint8),
        cue=np.zeros((n, a, e), np.int32),
        interest=np.zeros((n, a, e), np.float32),
        minds=np.zeros((n, a), MIND),
        ways=np.zeros((n, max(config.crowd, 1), SIZE, SIZE), np.uint16),
        scratch=geodesic.allocate_scratch(n),
    )


def places(state: State, config: Config, role: str) -> np.ndarray:
    """int64 [N, A]: the square metre in which each visitor is; or, when it attends to an exhibit (the first of several), which one, and for
    how many steps it has looked without a break, until that is long enough to have seen it.

    Were it only which exhibit, glances here and there would be worth as much as looking at it.
    """
    visitors = state.avatars[:, : config.visitors]
    attended = visitors["attends"].astype(np.int64)
    first = np.log2(np.maximum(attended & -attended, 1)).astype(np.int64)
    gazed = np.take_along_axis(state.gazing[:, : config.visitors], first[..., None], axis=2)[..., 0]
    square = visitors["y"].astype(np.int64) * (SIZE // 2) + visitors["x"].astype(np.int64)
    looked = first * (LONG_ENOUGH + 1) + np.minimum(gazed, LONG_ENOUGH)
    return np.asarray(np.where(attended > 0, (SIZE // 2) ** 2 + looked, square))
