"""Level of interest: how much somebody cares for an exhibit, told from where he stood and looked; and what else is taken for it.

The level of interest is 1 - exp(-A / tau): attention A is the time during which the exhibit was in sight, each moment weighed by
max(0, cos angle) exp(-(d / 3 m)^2) with the angle between gaze and exhibit and their distance d; tau is the exhibit's reading time.
The formula is this project's own, after the idea of Ando and Thawonmas (2013).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.worlds.core import gates
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.museum.looking import SIGHT_M, attention, visible

F = np.float32
STEP_S = 0.1
NEAR_M = F(5)
ESTIMATES = ("level", "dwell", "distance", "visits")
LEVEL, DWELL, DISTANCE, VISITS = range(len(ESTIMATES))


@dataclass(frozen=True)
class Visits:
    """What V avatars did about K exhibits of the open rooms in one episode of the museum."""

    estimates: dict[str, np.ndarray]
    """float64 [V, K] by name: the level of interest; the time for which each exhibit was the nearest in sight within 5 m (s); minus the
    mean distance while in sight, the farthest possible where it never was (m); how often it became the nearest."""
    planted: np.ndarray
    """float64 [V, K]: the interest that each avatar was given, the product of its taste and the exhibit's themes."""
    styles: np.ndarray
    """int [V]: index in ``visiting.STYLES``."""


def visits(transcript: Transcript, avatars: Sequence[int]) -> Visits:
    """Fold an episode of the museum; ``avatars`` are numbers in the state, where the crowd comes after the visitors."""
    state, frames, opened = transcript.state(0), transcript.frame("avatars"), transcript.frame("opened")
    exhibits = state.exhibits[0, : int(state.num_exhibits[0])]
    who, sums = np.asarray(avatars, np.int64), np.zeros((4, len(avatars), len(exhibits)))
    seen, nearest = np.zeros((len(avatars), len(exhibits))), np.full(len(avatars), -1, np.int64)
    for t in range(1, transcript.steps + 1):
        if (opened[t] != state.opened[0]).any():
            state.opened[0] = opened[t]
            gates.settle(state, 0)
        state.avatars[0] = frames[t]
        look(state, who, sums, seen, nearest)
    asked = np.flatnonzero(exhibits["where"] == 0)
    level = 1.0 - np.exp(-sums[LEVEL] * STEP_S / exhibits["reading_s"])
    away = -np.where(seen > 0, sums[DISTANCE] / np.maximum(seen, 1), float(SIGHT_M))
    told = dict(zip(ESTIMATES, (level, sums[DWELL] * STEP_S, away, sums[VISITS]), strict=True))
    planted = state.tastes[0, who].astype(float) @ state.themes[0, asked].astype(float).T
    return Visits({name: table[:, asked] for name, table in told.items()}, planted, state.styles[0, who].astype(int))


@kernel
def look(state, who, sums, seen, nearest):
    """Add one frame to attention, steps as the nearest, metres and visits (``sums`` [4, V, K]) and steps in sight (``seen`` [V, K])."""
    for v in range(who.shape[0]):
        me, best, best_d2 = state.avatars[0, who[v]], -1, NEAR_M * NEAR_M
        for e in range(sums.shape[2]):
            dx, dy = state.exhibits[0, e].x - me.x, state.exhibits[0, e].y - me.y
            d2 = dx * dx + dy * dy
            if d2 < SIGHT_M * SIGHT_M and visible(state.plan, 0, me.x, me.y, state.exhibits[0, e]):
                sums[LEVEL, v, e] += attention(state, 0, who[v], e)
                sums[DISTANCE, v, e] += np.sqrt(d2)
                seen[v, e] += 1
                if d2 < best_d2:
                    best, best_d2 = e, d2
        if best >= 0:
            sums[DWELL, v, best] += 1
            sums[VISITS, v, best] += 0 if best == nearest[v] else 1
        nearest[v] = best


def ranks(rows: np.ndarray) -> np.ndarray:
    """float64 [V, K]: the rank of each number within its row, from 0; equal ones share their mean rank."""
    below, equal = rows[:, None] < rows[:, :, None], rows[:, None] == rows[:, :, None]
    shared: np.ndarray = below.sum(axis=2) + (equal.sum(axis=2) - 1) / 2
    return shared


def spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """float64 [V]: Spearman's rank correlation of each row of [V, K] with that of the other; 0 where a row is all alike."""
    a, b = (ranks(rows) - (rows.shape[1] - 1) / 2 for rows in (one, other))
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    found: np.ndarray = np.divide((a * b).sum(axis=1), size, out=np.zeros(len(a)), where=size > 0)
    return found
