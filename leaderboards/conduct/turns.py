"""Turns at speech: who holds the floor, who takes it from whom and when, who breaks in."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from avatarium.leaderboards.conduct.talk import PAUSE_S, circles, speaking
from avatarium.leaderboards.conduct.tracks import STEP, Tracks, begins

LAPSE_S = 3.0
"""After a longer silence nobody takes over the floor: somebody begins anew (a lapse in Sacks, Schegloff and Jefferson 1974)."""
SMOOTH_S = (-PAUSE_S, 1.0)
"""From an overlap too short to be noticed (Heldner and Edlund 2010) to the longest silence that people leave (Jefferson 1989)."""
BREAK_IN_M = 2.0
"""From body to body."""


@dataclass(frozen=True, eq=False)
class Floor:
    """Who speaks in which conversation."""

    circle: np.ndarray  # bool [T, A, A]: a and b are in one conversation
    turn: np.ndarray  # bool [T, A]: a is in the middle of a turn
    begin: np.ndarray  # bool [T, A]: a begins one

    @property
    def alone(self) -> np.ndarray:
        """bool [T, A]: a speaks, and nobody else in its conversation does."""
        return np.asarray(self.turn & ~(self.circle & self.turn[:, None]).any(axis=2))


@lru_cache(maxsize=1)
def floor(found: Tracks) -> Floor:
    """Turns and conversations of an episode."""
    turn = speaking(found)
    return Floor(circles(found), turn, begins(turn))


def balance(found: Tracks, focal: np.ndarray) -> tuple[float, float]:
    """(steps matched, steps of speech) over all pairs of an avatar of ``focal`` [K] and somebody it is in conversation with.

    Of two, matched are twice the steps in which the one of them who says less holds the floor alone; speech is when either speaks.
    """
    told = floor(found)
    alone, circle = told.alone, told.circle[:, focal]
    held = (circle & alone[:, focal, None]).sum(axis=0)
    others = (circle & alone[:, None]).sum(axis=0)
    speech = (circle & (told.turn[:, focal, None] | told.turn[:, None])).sum(axis=0)
    return float(2 * np.minimum(held, others).sum()), float(speech.sum())


def offsets(found: Tracks, focal: np.ndarray) -> np.ndarray:
    """float64 [K]: by how many seconds an avatar of ``focal`` begins after the end of the turn before, whenever it takes over the floor.

    Below zero the turns overlap. Within a conversation; neither after a lapse, nor when a turn ends before that into which it breaks.
    """
    told = floor(found)
    return np.array([s for a in focal.tolist() for t in np.flatnonzero(told.begin[:, a]).tolist() for s in _offset(told, a, t)])


def _offset(told: Floor, a: int, t: int) -> Iterator[float]:
    """The offset in seconds of the turn that a begins at step t, if it takes over the floor."""
    mates = np.flatnonzero(told.circle[t, a])
    first = max(t - round(LAPSE_S / STEP), 0)
    spoke = told.turn[first:t, mates]
    if not spoke.any() or t == 0:
        return
    last = [first + int(np.flatnonzero(column)[-1]) if column.any() else -1 for column in spoke.T]
    if max(last) <= _last(told.turn[:t, a]):
        return  # a goes on after a pause of its own
    ends = [_end(told.turn[:, b], t - 1) for b, at in zip(mates.tolist(), last, strict=True) if at == t - 1]
    if not ends:
        yield (t - 1 - max(last)) * STEP
    elif max(ends) <= _end(told.turn[:, a], t):
        yield (t - 1 - max(ends)) * STEP


def _last(turn: np.ndarray) -> int:
    """The last step in which ``turn`` bool [T] holds; -1 if none."""
    spoken = np.flatnonzero(turn)
    return int(spoken[-1]) if len(spoken) else -1


def _end(turn: np.ndarray, t: int) -> int:
    """The last step of the turn, of bool [T], that goes on at step ``t``."""
    silent = np.flatnonzero(~turn[t:])
    return t + int(silent[0]) - 1 if len(silent) else len(turn) - 1


def interruptions(found: Tracks) -> tuple[np.ndarray, np.ndarray]:
    """(bool [T, A], bool [T, A]): where a begins to speak to somebody within ``BREAK_IN_M``, and where it breaks in on one of them.

    Whoever is broken in on was speaking before, and goes on for longer than an overlap that nobody notices.
    """
    told = floor(found)
    addressed = found.faces & (found.gap <= BREAK_IN_M)
    on, notice = np.zeros_like(told.turn), round(PAUSE_S / STEP)
    last = len(on) - notice
    if last > 1:
        on[1:last] = told.turn[: last - 1]
        for later in range(notice + 1):
            on[1:last] &= told.turn[1 + later : last + later]
    begun = told.begin & addressed.any(axis=2)
    return begun, begun & (addressed & on[:, None]).any(axis=2)
