"""Passing: who goes the same way as somebody else, overtakes it, or steps into its path."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from avatarium.leaderboards.conduct.tracks import BODY_M, INTIMATE_M, STEP, WALKING, Tracks, lately

ABREAST_M = 2.0
"""Between middles: whoever passes farther aside does not overtake."""
AHEAD_M = 1.0
"""From body to body: whoever steps into another's path nearer than this cuts in."""
AGAIN_S = 3.0
"""A second time within this time is the same cutting in; whoever overtakes may cut in so long afterwards."""


@dataclass(frozen=True, eq=False)
class Passing:
    """Two who go the same way, a and b: where a is as b sees it that looks along its way; [T, A, A] each."""

    ahead: np.ndarray  # float64, m between middles, along b's way; behind is negative
    aside: np.ndarray  # float64, m between middles, across b's way
    together: np.ndarray  # bool: both walk, in sight of one another, within 90 degrees of the same way


@lru_cache(maxsize=1)
def passing(found: Tracks) -> Passing:
    """How everybody walks beside everybody else."""
    way = ways(found)
    to = -found.offset  # [t, a, b]: from b to a
    ahead = (to * way[:, None]).sum(axis=-1)
    aside = to[..., 1] * way[:, None, :, 0] - to[..., 0] * way[:, None, :, 1]
    walking = found.speed > WALKING
    along = (way[:, :, None] * way[:, None]).sum(axis=-1) > 0
    return Passing(ahead, aside, found.visible & walking[:, :, None] & walking[:, None] & along)


@lru_cache(maxsize=1)
def cuts_in(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: a, that was behind b within ``AGAIN_S``, steps from the side into its path, less than ``AHEAD_M`` before it.

    The path is the strip, as wide as a body on either side, before where b was one step ago: that b turns is not a's doing.
    """
    went = passing(found)
    way = ways(found)[:-1, None]
    to = found.place[1:, :, None] - found.place[:-1, None]  # from where b was to where a is
    ahead = (to * way).sum(axis=-1)
    aside = to[..., 1] * way[..., 0] - to[..., 0] * way[..., 1]
    entered = (np.abs(went.aside[:-1]) >= BODY_M) & (np.abs(aside) < BODY_M)
    stepped = np.zeros_like(went.together)
    stepped[1:] = entered & went.together[1:] & went.together[:-1] & (ahead > 0) & (ahead < BODY_M + AHEAD_M)
    stepped &= lately(went.together & (went.ahead < 0), AGAIN_S)
    return np.asarray(stepped & ~lately(stepped, AGAIN_S))


def overtakes(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: a, that was behind b, is now before it, less than ``ABREAST_M`` aside; that b turns makes nobody overtake."""
    went = passing(found)
    ahead = ((found.place[1:, :, None] - found.place[1:, None]) * ways(found)[:-1, None]).sum(axis=-1)
    passed = np.zeros_like(went.together)
    passed[1:] = (went.ahead[:-1] <= 0) & (ahead > 0) & went.together[:-1] & went.together[1:]
    return np.asarray(passed & (np.abs(went.aside) < ABREAST_M))


def ways(found: Tracks) -> np.ndarray:
    """float64 [T, A, 2]: whither everybody walks, of length 1; 0 for those who stand."""
    return np.asarray(found.velocity / np.maximum(found.speed, 1e-6)[..., None])


def considerate(found: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """(bool [T, A, A], bool [T, A, A]): where a has overtaken b, and where it left room: at least ``INTIMATE_M`` and no cutting in."""
    overtaken = overtakes(found)
    good = np.zeros_like(overtaken)
    window = round(AGAIN_S / STEP)
    for t, a, b in np.argwhere(overtaken):
        span = slice(max(t - window, 0), t + window + 1)
        good[t, a, b] = found.gap[span, a, b].min() >= INTIMATE_M and not cuts_in(found)[t : t + window + 1, a, b].any()
    return overtaken, good
