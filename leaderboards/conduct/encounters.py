"""Encounters: two who would walk into one another head-on or crossing, and what each does about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from avatarium.leaderboards.conduct.tracks import BODY_M, STEP, WALKING, Tracks, lasting
from avatarium.worlds.core.contact import APART_M

HORIZON_S = 3.0
"""Collisions farther ahead in time are nobody's concern yet."""
STEADY_S = 0.3
"""A collision has to be ahead for so long to be an encounter: those who turn point everywhere for a moment."""
LONGEST_S = 6.0
CLEAR_M = BODY_M + float(APART_M)
"""Between middles: whoever passes at this distance has not touched anybody."""
SAME_WAY = float(np.sqrt(0.5))
"""Least cosine between the velocities of two who go the same way, within 45 degrees; others meet head-on or cross."""
TOUCH_M = 0.03
"""From body to body: nearer counts as touching. What follows is pushing, not giving way."""


@dataclass(frozen=True)
class Encounter:
    """Two on a collision course, neither behind the other, until they have passed."""

    begin: int
    end: int
    pair: tuple[int, int]
    lacking: float
    """Metres by which they would pass too near, did both walk on as at the beginning."""
    gave: tuple[float, float]
    """Metres of room that either made: how much farther apart they would have passed had only it done what it did."""

    def did_its_share(self, k: int) -> bool:
        """Whether ``pair[k]`` made half of the room that was lacking (van den Berg et al. 2011: each of two takes half)."""
        return self.gave[k] >= 0.5 * self.lacking


@lru_cache(maxsize=1)
def encounters(found: Tracks) -> tuple[Encounter, ...]:
    """All encounters of an episode, except those that its end cuts short."""
    first, second = np.triu_indices(found.present.shape[1], 1)
    ahead = _colliding(found, first, second)
    steady = lasting(ahead) >= round(STEADY_S / STEP)
    some = np.flatnonzero(steady.any(axis=0))
    return tuple(e for p in some for e in _of_pair(found, int(first[p]), int(second[p]), np.flatnonzero(steady[:, p])))


def _colliding(found: Tracks, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """bool [T, P]: whether the pair sees one another, walks, not the same way, and would touch within ``HORIZON_S`` if both walked on."""
    offset, closing = found.offset[:, first, second], found.velocity[:, second] - found.velocity[:, first]
    along, square = (offset * closing).sum(axis=-1), (closing**2).sum(axis=-1)
    due = np.divide(-along, square, out=np.zeros_like(along), where=square > 1e-6)
    miss = np.sqrt(((offset + closing * due[..., None]) ** 2).sum(axis=-1))
    speeds = found.speed[:, first], found.speed[:, second]
    same = (found.velocity[:, first] * found.velocity[:, second]).sum(axis=-1) > SAME_WAY * speeds[0] * speeds[1]
    walking = (speeds[0] > WALKING) & (speeds[1] > WALKING)
    return np.asarray(found.visible[:, first, second] & walking & ~same & (due > 0) & (due <= HORIZON_S) & (miss < BODY_M))


def _of_pair(found: Tracks, a: int, b: int, starts: np.ndarray) -> Iterator[Encounter]:
    """The encounters of two, one after the other, of which ``starts`` [K] are the steps in which one may begin."""
    closing = (found.offset[:, a, b] * (found.velocity[:, b] - found.velocity[:, a])).sum(axis=-1)
    over = (lasting(closing >= 0) >= round(STEADY_S / STEP)) | ~found.visible[:, a, b]
    last = -1
    for begin in starts.tolist():
        if begin <= last:
            continue
        ends = np.flatnonzero(over[begin + 1 : begin + 1 + round(LONGEST_S / STEP)])
        last = begin + 1 + int(ends[0]) if len(ends) else begin + round(LONGEST_S / STEP)
        if last >= len(over):
            return
        yield _judged(found, a, b, begin, last)


def _judged(found: Tracks, a: int, b: int, begin: int, end: int) -> Encounter:
    """What either did from ``begin`` until they have passed or touch, the other walking on as it did."""
    touched = np.flatnonzero(found.gap[begin : end + 1, a, b] <= TOUCH_M)
    until = begin + max(int(touched[0]) - 1, 0) if len(touched) else end
    steps = max(end - begin, round((HORIZON_S + 1.0) / STEP))
    plain = [_path(found, who, begin, begin, steps) for who in (a, b)]
    real = [_path(found, who, begin, until, steps) for who in (a, b)]
    miss = nearest(plain[1] - plain[0])
    gave = nearest(plain[1] - real[0]) - miss, nearest(real[1] - plain[0]) - miss
    return Encounter(begin, end, (a, b), CLEAR_M - miss, gave)


def _path(found: Tracks, who: int, begin: int, until: int, steps: int) -> np.ndarray:
    """float64 [steps + 1, 2]: where somebody is from ``begin`` on; after ``until`` as if it walked straight on."""
    walked = found.place[begin : min(until, begin + steps) + 1, who]
    on = np.arange(1, steps + 2 - len(walked))[:, None] * STEP
    return np.concatenate([walked, walked[-1] + on * found.velocity[begin + len(walked) - 1, who]])


def nearest(path: np.ndarray) -> float:
    """How near a path of straight pieces, float64 [K + 1, 2], comes to the origin.

    >>> nearest(np.array([[-1.0, 0.5], [1.0, 0.5]]))
    0.5
    """
    start, piece = path[:-1], np.diff(path, axis=0)
    square = (piece**2).sum(axis=1)
    at = np.divide(-(start * piece).sum(axis=1), square, out=np.zeros_like(square), where=square > 0)
    return float(np.sqrt(((start + piece * np.clip(at, 0.0, 1.0)[:, None]) ** 2).sum(axis=1)).min())
