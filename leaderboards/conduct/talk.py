"""Talk: who stands face to face, who belongs to one conversation, who speaks when, and who hears what."""

from functools import lru_cache

import numpy as np

from avatarium.leaderboards.conduct.tracks import STEP, Tracks, lately
from avatarium.worlds.core.speech import POINT, RANGE_M, SPEAKERS, WAVE

TALK_M = 1.5
"""From body to body: people in talk are no farther apart (Kendon 1990 has arrangements of about that size)."""
STROLL = 0.5
"""m/s: whoever is faster walks past."""
ALIVE_S = 5.0
"""A conversation without a word or a gesture for so long is over."""
PAUSE_S = 0.2
"""Shorter silences are part of a turn; shorter overlaps go unnoticed (Heldner and Edlund 2010)."""


def face_to_face(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: a and b stand near one another and look at one another."""
    slow = found.speed < STROLL
    near = (found.gap <= TALK_M) & slow[:, :, None] & slow[:, None, :]
    return np.asarray(near & found.faces & found.faces.swapaxes(1, 2))


@lru_cache(maxsize=1)
def circles(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: a and b are in one conversation: face to face, or both with somebody who is, and so on; nobody with itself.

    Somebody in it has spoken, waved or pointed within ``ALIVE_S``: people who stand before one another in a jam are in none.
    """
    linked = face_to_face(found)
    itself = np.eye(linked.shape[1], dtype=bool)
    reach = (linked | itself).astype(np.float32)
    for _ in range(max(linked.shape[1] - 1, 1).bit_length()):
        reach = np.minimum(reach @ reach, 1.0)
    sign = (found.word > 0) | (found.gesture == WAVE) | (found.gesture == POINT)
    alive = reach @ (sign | lately(sign, ALIVE_S)).astype(np.float32)[..., None] > 0
    return np.asarray((reach > 0) & ~itself & alive)


def speaking(found: Tracks) -> np.ndarray:
    """bool [T, A]: in the middle of a turn, pauses of up to ``PAUSE_S`` included."""
    said, pause = found.word > 0, round(PAUSE_S / STEP)
    turn = said.copy()
    for before in range(1, pause + 1):
        for after in range(1, pause + 2 - before):
            turn |= _shifted(said, before) & _shifted(said, -after)
    return np.asarray(turn & found.present)


def _shifted(mask: np.ndarray, steps: int) -> np.ndarray:
    """``mask`` bool [T, ...] as it was so many steps earlier, or with a negative number is so many later; false beyond its ends."""
    found = np.zeros_like(mask)
    if abs(steps) < len(mask):
        found[max(steps, 0) : len(mask) + min(steps, 0)] = mask[max(-steps, 0) : len(mask) - max(steps, 0)]
    return found


def heard(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: a hears b's word, as the toolbox has it: the nearest few who speak within earshot, walls stop sound."""
    sounding = found.visible & (found.distance < float(RANGE_M)) & (found.word > 0)[:, None, :]
    away = np.where(sounding, found.distance, np.inf)
    most = min(SPEAKERS, away.shape[2])
    return sounding & (away <= np.sort(away, axis=2)[:, :, most - 1 : most])
