"""Ratings of past versions and scripted rivals, fitted to all games so far at once.

A version never changes, so every game it ever played says as much about it today as on the day: the ratings are the likeliest ones given
all counts, and depend neither on the order within a batch nor on the order of batches. (Sequential updates in the manner of TrueSkill
do: the order of the same games moves them by points, and what they once got wrong is mended only by new games.) The model is that of
Bradley and Terry (1952) with the draws of Davidson (1970, https://doi.org/10.1080/01621459.1970.10481082) and an advantage of the first
side. As in TrueSkill a first rating is drawn from a normal distribution around 25 with deviation 25/3, and a later version's from one
around the version that it grew out of; a difference of 8.3 means that the better one wins 80 % of the games that are not drawn.

The current policy changes all the time: count its games for the version that it is about to become.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from avatarium.training.league.outcome import ITSELF, Results
from avatarium.worlds.core.errors import UserError

MEAN, DEVIATION = 25.0, 25.0 / 3.0
"""Of a first rating before any game."""
SCALE = 8.3 / np.log(4.0)
"""Points by which the odds of winning rise by a factor of e."""
DRAW_DEVIATION = 3.0
"""Of the logarithm of Davidson's weight of draws before any game."""
TOLERANCE = 1e-9
STEPS = 100

Counts = tuple[int, int, int]
"""Games that the first side lost, drew and won."""


@dataclass(frozen=True)
class Rating:
    """Skill in points, one standard deviation of what is not known about it, and the games that tell."""

    value: float
    deviation: float
    games: int


@dataclass(frozen=True)
class Ratings:
    """All players and the counts of their games; every change gives a new one."""

    parents: Mapping[str, str | None] = field(default_factory=dict)
    """The players, each with the version that it grew out of."""
    games: Mapping[tuple[str, str], Counts] = field(default_factory=dict)
    """By (first side, second side)."""

    def enter(self, name: str, parent: str | None = None) -> "Ratings":
        """Take in a player. Raises UserError when it is there already or its parent is not."""
        if name in self.parents or (parent is not None and parent not in self.parents):
            raise UserError(f"{name!r} cannot enter the ratings as a child of {parent!r}: names are unique, and parents enter first")
        return Ratings({**self.parents, name: parent}, self.games)

    def record(self, learner: str, results: Results) -> "Ratings":
        """Add games that the current policy played as ``learner``. Raises UserError when somebody in them has not entered."""
        games = dict(self.games)
        for opponent, counts in zip(results.opponents, results.counts, strict=True):
            other = learner if opponent == ITSELF else opponent
            for pair, row in (((learner, other), counts[0]), ((other, learner), counts[1][::-1])):
                if row.any():
                    if unknown := set(pair) - set(self.parents):
                        raise UserError(f"{unknown.pop()!r} has played but is not among the ratings: let it enter first")
                    before = games.get(pair, (0, 0, 0))
                    games[pair] = (before[0] + int(row[0]), before[1] + int(row[1]), before[2] + int(row[2]))
        return Ratings(self.parents, games)

    def fit(self) -> "Fitted":
        """The likeliest ratings of all players given all games."""
        return Fitted(self)

    def to_json(self) -> dict[str, Any]:
        """Players and counts as dicts, lists, numbers and texts."""
        return {"parents": dict(self.parents), "games": [[*pair, *counts] for pair, counts in self.games.items()]}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Ratings":
        """What ``to_json`` gave."""
        return cls(dict(found["parents"]), {(a, b): (lost, drawn, won) for a, b, lost, drawn, won in found["games"]})


class Fitted:
    """Ratings that were fitted to games.

    The logarithm of their probability is concave, so that Newton's method finds its one maximum; its curvature there gives deviations.
    """

    def __init__(self, ratings: Ratings) -> None:
        self.names = tuple(ratings.parents)
        self._row = {name: i for i, name in enumerate(self.names)}
        pairs = np.array([[self._row[a], self._row[b]] for a, b in ratings.games], np.int64).reshape(-1, 2)
        self._first, self._second = pairs.T
        self._counts = np.array(list(ratings.games.values()), np.float64).reshape(-1, 3)
        self._prior, self._centre = self._before(ratings)
        self._at = self._climb()
        self._covariance = np.linalg.inv(self._slopes(self._at)[1])
        self._games = np.zeros(len(self.names), np.int64)
        for side in pairs.T:
            np.add.at(self._games, side, self._counts.sum(axis=1).astype(np.int64))

    @property
    def advantage(self) -> float:
        """Points that the first side is worth."""
        return float(self._at[-2] * SCALE)

    def table(self, anchor: str | None = None) -> dict[str, Rating]:
        """Every player's rating; with an ``anchor``, such as the random policy, its rating is 0 and the others' are differences from it."""
        if anchor is not None and anchor not in self._row:
            raise UserError(f"{anchor!r} is not among the ratings, so that it cannot be their zero")
        size = len(self.names)
        values, covariance = self._at[:size], self._covariance[:size, :size]
        variance = covariance.diagonal()
        if anchor is not None:
            zero = self._row[anchor]
            values, variance = values - values[zero], variance + variance[zero] - 2 * covariance[zero]
        deviations = np.sqrt(np.maximum(variance, 0.0))
        rows = zip(self.names, values * SCALE, deviations * SCALE, self._games, strict=True)
        return {name: Rating(float(v), float(d), int(n)) for name, v, d, n in rows}

    def _before(self, ratings: Ratings) -> tuple[np.ndarray, np.ndarray]:
        """Precision [P + 2, P + 2] and centre [P + 2], before any game, of skills, the first side's advantage and the weight of draws."""
        size, weight = len(self.names), (SCALE / DEVIATION) ** 2
        precision = np.zeros((size + 2, size + 2))
        for child, parent in ratings.parents.items():
            i = self._row[child]
            precision[i, i] += weight
            if parent is not None:
                j = self._row[parent]
                precision[j, j] += weight
                precision[i, j] -= weight
                precision[j, i] -= weight
        precision[-2, -2], precision[-1, -1] = weight, DRAW_DEVIATION**-2
        return precision, np.append(np.full(size, MEAN / SCALE), [0.0, 0.0])

    def _climb(self) -> np.ndarray:
        """The parameters [P + 2] at the maximum."""
        at = self._centre
        height = self._height(at)
        for _ in range(STEPS):
            slope, curvature = self._slopes(at)
            step, length = np.linalg.solve(curvature, slope), 1.0
            while (reached := self._height(at + length * step)) < height and length > TOLERANCE:
                length /= 2  # far from the maximum a whole step may lead beyond it
            if reached < height:
                break
            at, height = at + length * step, reached
            if np.abs(step).max() < TOLERANCE:
                break
        return at

    def _logits(self, at: np.ndarray) -> np.ndarray:
        """float64 [G, 3]: of loss, draw and win of the first side in each kind of game."""
        half = (at[self._first] - at[self._second] + at[-2]) / 2
        return np.stack([-half, np.broadcast_to(at[-1], half.shape), half], axis=1)

    def _height(self, at: np.ndarray) -> float:
        logits, away = self._logits(at), at - self._centre
        total = self._counts.sum(axis=1)
        return float((self._counts * logits).sum() - total @ np.logaddexp.reduce(logits, axis=1) - away @ self._prior @ away / 2)

    def _slopes(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient [P + 2] and negated Hessian [P + 2, P + 2] of ``_height``."""
        logits = self._logits(at)
        chances = np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])
        total = self._counts.sum(axis=1)
        skew = (chances[:, 2] - chances[:, 0]) / 2
        toward = (self._counts[:, 2] - self._counts[:, 0]) / 2 - total * skew  # by difference of skills
        drawn = self._counts[:, 1] - total * chances[:, 1]  # by weight of draws
        slope, curvature = -self._prior @ (at - self._centre), self._prior.copy()
        own = total * ((1 - chances[:, 1]) / 4 - skew**2)
        both, draws = -total * chances[:, 1] * skew, total * chances[:, 1] * (1 - chances[:, 1])
        ends = ((self._first, 1.0), (self._second, -1.0), (np.full_like(self._first, len(at) - 2), 1.0))
        for i, sign in ends:
            np.add.at(slope, i, sign * toward)
            np.add.at(curvature[:, -1], i, sign * both)
            np.add.at(curvature[-1], i, sign * both)
            for j, other in ends:
                np.add.at(curvature, (i, j), sign * other * own)
        slope[-1] += drawn.sum()
        curvature[-1, -1] += draws.sum()
        return slope, curvature


def chance(difference: float) -> float:
    """How likely the better one by ``difference`` points wins a game that is not drawn, on a side without advantage."""
    return float(1.0 / (1.0 + np.exp(-difference / SCALE)))
