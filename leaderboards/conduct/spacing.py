"""Personal space: who is nearer to whom than people like it, for how long, and who came near."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from avatarium.leaderboards.conduct.talk import circles, face_to_face
from avatarium.leaderboards.conduct.tracks import INTIMATE_M, PERSONAL_M, REACH_M, STEP, Tracks, begins, minutes, numbers, tracks

if TYPE_CHECKING:
    from avatarium.worlds.core.transcript import Transcript

LIMITS_M = np.array([PERSONAL_M, REACH_M, INTIMATE_M])
"""How near is near enough, by the number of ties: a tie is to be of one's own, or to stand face to face. Each allows one phase of Hall's
distances nearer: strangers who pass keep out of personal distance, one's own in talk out of the intimate one."""
APPROACH_S = 2.0
"""Whoever walked towards the other in this time before is the one who came near."""


def charged(
    transcript: "Transcript", role: str, avatars: Sequence[int], own: bool | None = None, talk: bool | None = None
) -> tuple[float, float]:
    """(weighted seconds, minutes) of ``avatars`` in the space of others, and in their company; each other person counts by itself.

    A step weighs 0 at the limit and 1 when bodies touch; it is charged to the two by how much either came nearer. With ``own`` or ``talk``
    only those others who are, or are not, of one's own, or in talk with one.
    """
    found = tracks(transcript)
    weights, among = _spacing(found)
    counted = found.company.copy()
    if own is not None:
        counted &= found.own == own
    if talk is not None:
        counted &= among == talk
    focal = numbers(transcript, role, avatars)
    return float(weights[:, focal][counted[:, focal]].sum()) * STEP, minutes(counted[:, focal])


@lru_cache(maxsize=1)
def _spacing(found: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """(float64 [T, A, A], bool [T, A, A]): what a is charged for being near to b, and whether they are face to face."""
    among = face_to_face(found) & circles(found)
    limit = LIMITS_M[found.own + among.astype(int)]
    weight = np.where(found.visible, np.clip(1.0 - found.gap / limit, 0.0, 1.0), 0.0)
    return weight * blame(found, weight > 0.0), among


def blame(found: Tracks, near: np.ndarray) -> np.ndarray:
    """float64 [T, A, A]: a's part in being near to b while ``near`` bool [T, A, A] holds: the part that it had in the approach.

    It is what either walked towards the other in ``APPROACH_S`` before they came near; where neither did, both have half.
    """
    if not len(near):
        return np.zeros(near.shape)
    towards = found.offset / np.maximum(found.distance, 1e-6)[..., None]
    walked = np.cumsum(np.maximum((towards * found.velocity[:, :, None]).sum(axis=-1), 0.0), axis=0)
    earlier = np.zeros_like(walked)
    window = round(APPROACH_S / STEP)
    earlier[window:] = walked[:-window]
    mine = walked - earlier
    both = mine + mine.swapaxes(1, 2)
    part = np.divide(mine, both, out=np.full_like(mine, 0.5), where=both > 1e-6)
    clock = np.arange(len(near))[:, None, None]
    return np.take_along_axis(part, np.maximum.accumulate(np.where(begins(near), clock, 0), axis=0), axis=0)
