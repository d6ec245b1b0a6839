"""What everybody did in an episode, as arrays over time: where they were, whither they looked and walked, who saw whom.

T steps, A avatars. Distances between people are from body to body, as Hall (1966) took them, where nothing is said of middles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from avatarium.worlds.core.bodies import BODY_FIELDS, RADIUS_M, STEP_S
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.plan import Plan, in_sight
from avatarium.worlds.core.spec import avatar_numbers

if TYPE_CHECKING:
    from avatarium.worlds.core.transcript import Transcript

F = np.float32
STEP = round(float(STEP_S), 6)
"""Seconds."""
BODY_M = 2 * float(RADIUS_M)
"""Between the middles of two who touch."""
SIGHT_M = F(10)
"""Between middles: nobody farther away is seen."""
INTIMATE_M, REACH_M, PERSONAL_M, SOCIAL_M = 0.45, 0.76, 1.2, 3.6
"""Where intimate distance, the close phase of personal distance, personal distance and social distance end (Hall 1966)."""
FACING = 0.5
"""Least cosine between where one looks and where another is: within 60 degrees, so that all in a ring of up to six face one another."""
OPEN_M = F(2.25)
"""Between the middle of an avatar and the nearest box ahead."""
WALKING = 0.4
"""m/s: from here on one walks somewhere."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """The bodies of an episode after each of its steps; the absent are as if silent, still and out of sight."""

    place: np.ndarray  # float64 [T, A, 2], m
    facing: np.ndarray  # float64 [T, A, 2], of length 1
    velocity: np.ndarray  # float64 [T, A, 2], m/s, by own walking
    present: np.ndarray  # bool [T, A]
    gesture: np.ndarray  # uint8 [T, A], as in speech
    word: np.ndarray  # uint8 [T, A]; 0 is silence
    visible: np.ndarray  # bool [T, A, A]: both are there, at most SIGHT_M apart, no box between
    open: np.ndarray  # bool [T, A]: one could walk OPEN_M straight ahead
    group: np.ndarray  # int [A]: a number for the role, or the crowd, that an avatar belongs to

    @cached_property
    def offset(self) -> np.ndarray:
        """float64 [T, A, A, 2]: from avatar a to avatar b, m."""
        return np.asarray(self.place[:, None, :] - self.place[:, :, None])

    @cached_property
    def distance(self) -> np.ndarray:
        """float64 [T, A, A]: between middles, m."""
        return np.asarray(np.sqrt((self.offset**2).sum(axis=-1)))

    @cached_property
    def gap(self) -> np.ndarray:
        """float64 [T, A, A]: from body to body, m."""
        return np.maximum(self.distance - BODY_M, 0.0)

    @cached_property
    def speed(self) -> np.ndarray:
        """float64 [T, A], m/s."""
        return np.asarray(np.sqrt((self.velocity**2).sum(axis=-1)))

    @cached_property
    def faces(self) -> np.ndarray:
        """bool [T, A, A]: a sees b, and looks at it."""
        ahead = (self.offset * self.facing[:, :, None]).sum(axis=-1)
        return np.asarray(self.visible & (ahead >= FACING * self.distance))

    @cached_property
    def company(self) -> np.ndarray:
        """bool [T, A, A]: a sees b within social distance."""
        return self.visible & (self.gap <= SOCIAL_M)

    @property
    def own(self) -> np.ndarray:
        """bool [A, A]: a and b belong to one role, or both to the crowd; else they are strangers."""
        return np.asarray(self.group[:, None] == self.group)


def numbers(transcript: "Transcript", role: str, avatars: Sequence[int]) -> np.ndarray:
    """int [K]: the columns of ``avatars`` of ``role`` in ``Tracks``."""
    return np.asarray(avatar_numbers(transcript.roles.values())[role])[list(avatars)]


def minutes(mask: np.ndarray) -> float:
    """How many minutes the steps marked in ``mask`` (bool, any shape) last together."""
    return float(mask.sum()) * STEP / 60.0


def lacking(transcript: "Transcript") -> str:
    """What a world would need besides so that conduct could be read from its transcripts; nothing when it can."""
    if "avatars" not in transcript.spec.frame_fields or not {"boxes", "num_boxes"} <= set(dir(getattr(transcript.state(0), "plan", None))):
        return "avatars in its frames and a plan in its state"
    missing = {name for name, _ in BODY_FIELDS} - set(transcript.frame("avatars").dtype.names or ())
    return f"the fields {', '.join(sorted(missing))} of its avatars" if missing else ""


@lru_cache(maxsize=1)  # all metrics of an episode are folded one after the other
def tracks(transcript: "Transcript") -> Tracks:
    """The tracks of an episode. Raises UserError for worlds without bodies or without a plan."""
    if missing := lacking(transcript):
        raise UserError(f"conduct cannot be read from episodes of {transcript.spec.name}: that takes {missing}")
    bodies = transcript.frame("avatars")[1:]
    present = bodies["present"] == 1
    pairs = [np.stack([bodies[x], bodies[y]], axis=-1).astype(float) for x, y in (("x", "y"), ("cos", "sin"), ("vx", "vy"))]
    visible, way = np.zeros((*present.shape, present.shape[1]), np.bool_), np.zeros(present.shape, np.bool_)
    see(*plans_of(transcript), bodies, visible, way)
    return Tracks(
        place=pairs[0],
        facing=pairs[1],
        velocity=pairs[2] * present[..., None],
        present=present,
        gesture=bodies["gesture"] * present,
        word=bodies["word"] * present,
        visible=visible,
        open=way,
        group=groups(transcript, present.shape[1]),
    )


def groups(transcript: "Transcript", avatars: int) -> np.ndarray:
    """int [A]: the number of each avatar's role; the crowd, who come after all roles, are one more."""
    known = avatar_numbers(transcript.roles.values()).values()
    found = np.full(avatars, len(known))
    for k, role in enumerate(known):
        found[role] = k
    return found


def plans_of(transcript: "Transcript") -> tuple[Plan, bool]:
    """(plans, whether there is one for each step): what stops sight stays as it is, unless the transcript keeps it for every step."""
    still: Plan = transcript.state(0).plan
    fields = {name: f"plan.{name}" for name in ("boxes", "num_boxes")}
    moving = any(field in transcript.spec.frame_fields for field in fields.values())
    if not moving:
        return still, False
    told = {
        name: transcript.frame(field)[1:] if field in transcript.spec.frame_fields else np.repeat(getattr(still, name), transcript.steps, 0)
        for name, field in fields.items()
    }
    return still._replace(**told), True


@kernel
def see(plans, moving, bodies, visible, way):
    """Fill ``visible`` bool [T, A, A] and ``way`` bool [T, A] of ``Tracks`` from ``bodies`` [T, A]."""
    steps, count = bodies.shape
    for t in range(steps):
        i = t if moving else 0
        for a in range(count):
            me = bodies[t, a]
            way[t, a] = in_sight(plans, i, me.x, me.y, me.x + OPEN_M * me.cos, me.y + OPEN_M * me.sin, F(0))
            for b in range(a):
                other = bodies[t, b]
                dx, dy = other.x - me.x, other.y - me.y
                near = me.present == 1 and other.present == 1 and dx * dx + dy * dy <= SIGHT_M * SIGHT_M
                if near and in_sight(plans, i, me.x, me.y, other.x, other.y, F(0)):
                    visible[t, a, b] = visible[t, b, a] = True


def lasting(mask: np.ndarray) -> np.ndarray:
    """int [T, ...]: for how many steps, this one included, ``mask`` bool [T, ...] has held without a break.

    >>> lasting(np.array([True, True, False, True]))
    array([1, 2, 0, 1])
    """
    clock = np.arange(1, len(mask) + 1).reshape(-1, *[1] * (mask.ndim - 1))
    return clock - np.maximum.accumulate(np.where(mask, 0, clock), axis=0)


def begins(mask: np.ndarray) -> np.ndarray:
    """bool [T, ...]: where ``mask`` bool [T, ...] becomes true, at the first step included."""
    before = np.zeros_like(mask)
    before[1:] = mask[:-1]
    return np.asarray(mask & ~before)


def lately(mask: np.ndarray, seconds: float) -> np.ndarray:
    """bool [T, ...]: whether ``mask`` bool [T, ...] held in one of the steps before, no longer than so many seconds ago.

    >>> lately(np.array([True, False, False, False]), 0.2)
    array([False,  True,  True, False])
    """
    steps = round(seconds / STEP)
    sums = np.zeros((len(mask) + 1, *mask.shape[1:]), np.int32)
    np.cumsum(mask, axis=0, out=sums[1:])
    clock = np.arange(len(mask))
    return sums[clock] > sums[np.maximum(clock - steps, 0)]
