"""Belonging: who waits at the edge of a conversation, who is let in, who finds no company."""

import numpy as np

from avatarium.leaderboards.conduct.signals import addressed
from avatarium.leaderboards.conduct.talk import STROLL, TALK_M
from avatarium.leaderboards.conduct.tracks import STEP, Tracks, lasting
from avatarium.leaderboards.conduct.turns import floor
from avatarium.worlds.core.speech import WAVE

GRACE_S = 2.0
"""Nobody turns at once: only what lasts longer than this counts."""


def edges(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: a stands at the edge of the conversation that b is in: near one of it, face to it, and nobody turns to a."""
    circle = floor(found).circle
    inside = np.asarray(circle.any(axis=2))
    near = found.faces & (found.gap <= TALK_M) & (~inside & (found.speed < STROLL))[:, :, None] & inside[:, None]
    return near | ((near.astype(np.float32) @ circle.astype(np.float32)) > 0)


def ignored(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: a has stood there, at the edge of the conversation that b is in, for longer than ``GRACE_S``."""
    return lasting(edges(found)) > round(GRACE_S / STEP)


def shut_out(found: Tracks, focal: np.ndarray) -> tuple[float, float]:
    """(steps in which avatars of ``focal`` [K] talk on while somebody is ignored at the edge, steps in which they are in conversation)."""
    inside = np.asarray(floor(found).circle.any(axis=2))[:, focal]
    return float((np.asarray(ignored(found).any(axis=1))[:, focal] & inside).sum()), float(inside.sum())


def missed(found: Tracks, focal: np.ndarray) -> tuple[float, float]:
    """(steps in which avatars of ``focal`` [K] want company for longer than ``GRACE_S`` and find none, the same and those in conversation).

    Whoever stands at the edge of a conversation wants company, and whoever waves or speaks to somebody in sight.
    """
    inside = np.asarray(floor(found).circle.any(axis=2))
    calling = addressed(found).any(axis=2) & ((found.gesture == WAVE) | (found.word > 0))
    wanting = lasting((edges(found).any(axis=2) | calling) & ~inside) > round(GRACE_S / STEP)
    alone = float(wanting[:, focal].sum())
    return alone, alone + float(inside[:, focal].sum())
