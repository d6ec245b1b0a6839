"""The model of Bradley and Terry (1952) with the draws of Davidson (1970, https://doi.org/10.1080/01621459.1970.10481082).

With d the difference of two skills and v the weight of draws, a game is won, drawn, lost with chances in the proportion
exp(d/2) : v : exp(-d/2). The likeliest skills given all games at once depend on no order; those of sequential updates do.

Besides, every player has played one virtual game against an average player, of skill 0, and drawn it: half a win and half a loss, so
that it says nothing about draws. One more game, between two equals, was a third of each. So everybody's skill is finite, also of who
never lost, played nobody, or only within a circle of their own; against a dozen real games it hardly weighs.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

TOLERANCE = 1e-6
"""Of a step, in natural units. Where the last step is that short, the error that is left is about its square."""
STEPS = 200


@dataclass(frozen=True)
class Fit:
    """The likeliest parameters."""

    skills: np.ndarray
    """float64 [P], in natural units: a difference of 1 makes the odds of winning e to 1."""
    log_tie: float
    """The logarithm of the weight of draws."""
    curvature: np.ndarray
    """float64 [P + 1, P + 1]: how sharp the maximum is."""

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of what is not known about skills and ``log_tie``, float64 [P + 1, P + 1]: the inverse of ``curvature``."""
        return np.linalg.inv(self.curvature)


class Met(NamedTuple):
    """The M pairs of players that have met, and how their games ended."""

    one: np.ndarray
    """int64 [M]; the other of the two is ``other``, int64 [M]."""
    other: np.ndarray
    won: np.ndarray
    """By the one of the two, float64 [M]."""
    drawn: np.ndarray
    """float64 [M]."""
    lost: np.ndarray
    """float64 [M]."""


def chances(difference: np.ndarray, log_tie: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How likely the first one loses, draws, wins, given by how much it is more skilled (any shape).

    >>> [float(chance.round(3)) for chance in chances(np.array(np.log(4.0)), 0.0)]
    [0.143, 0.286, 0.571]
    """
    half = np.asarray(difference) / 2
    most = np.maximum(np.abs(half), log_tie)  # what is raised to a power is 0 at most, so that nothing overflows
    lost, drawn, won = np.exp(-half - most), np.exp(log_tie - most), np.exp(half - most)
    total = lost + drawn + won
    return lost / total, drawn / total, won / total


def information(difference: np.ndarray, log_tie: float) -> np.ndarray:
    """How much a game tells of the difference of two skills: the variance of its score, 1/4 at most."""
    return _variance(*chances(difference, log_tie))


def _variance(lost: np.ndarray, drawn: np.ndarray, won: np.ndarray) -> np.ndarray:
    """The same by the chances; a sum of products rather than a difference of squares, which would be lost in rounding."""
    return np.asarray(won * lost + drawn * (won + lost) / 4)


def fit(wins: np.ndarray, draws: np.ndarray) -> Fit:
    """Find the likeliest skills of P players who won ``wins`` [P, P] (row against column) and drew ``draws`` [P, P] (symmetric).

    Newton's method on the logarithm of the likelihood, which is strictly concave thanks to the virtual games; see ``share`` for why it
    cannot run away. It starts from what everybody's score says against equals, which saves half of the steps.
    Raises ArithmeticError when it did not converge.
    """
    games, drawn = met(wins, draws), draws.sum(axis=1)
    points, lost = (some + drawn / 2 + 1 / 2 for some in (wins.sum(axis=1), wins.sum(axis=0)))
    tie = (drawn.sum() + 2 / 3) / (wins.sum() + 2 / 3)
    at = np.append(np.log(points / lost), np.log(tie))
    for _ in range(STEPS):
        slope, curvature = slopes(at, games)
        step = np.linalg.solve(curvature, slope)
        length = float(np.abs(step).max())
        at += step * share(length)
        if length < TOLERANCE:
            return Fit(at[:-1], float(at[-1]), curvature)
    raise ArithmeticError(f"ratings of {len(wins)} players did not converge in {STEPS} steps")


def share(length: float) -> float:
    """How much of a Newton step to take, by the length of its longest component.

    Along a step the odds of a game change by a factor of e^D at most, D = 2 ``length``, so that after a part t of it the curvature along
    it has grown e^(Dt) times at most (Bach 2010, arXiv:0910.4627). A slope that is s at first is s (1 - (e^(Dt) - 1) / D) or more then:
    uphill up to t = log(1 + D) / D, the damped step of Sun and Tran-Dinh 2019, arXiv:1703.04599, for their ν = 2. Where D is 1 or less,
    a whole step ends above as well, by the integral of this, and near the maximum whole steps double the correct digits each time.

    >>> [round(share(length), 2) for length in (0.5, 1.0, 100.0)]
    [1.0, 0.55, 0.03]
    """
    change = 2 * length
    return 1.0 if change <= 1 else math.log1p(change) / change


def met(wins: np.ndarray, draws: np.ndarray) -> Met:
    """The pairs that have met, by ``wins`` [P, P] and ``draws`` [P, P] as ``fit`` takes them."""
    one, other = np.nonzero(np.triu(wins + wins.T + draws, k=1))
    return Met(one, other, *(np.asarray(counts, np.float64) for counts in (wins[one, other], draws[one, other], wins[other, one])))


def slopes(at: np.ndarray, games: Met) -> tuple[np.ndarray, np.ndarray]:
    """Gradient [P + 1] and negated Hessian [P + 1, P + 1] of the logarithm of the likelihood, virtual games included."""
    skills, log_tie, size = at[:-1], float(at[-1]), len(at)
    lost, drawn, won = chances(skills[games.one] - skills[games.other], log_tie)
    decided, skew, virtual = games.won + games.lost, (won - lost) / 2, 1 / (1 + np.exp(-skills))
    level = float(chances(np.zeros(()), log_tie)[1])
    toward = games.won * (lost + drawn / 2) - games.lost * (won + drawn / 2) - games.drawn * skew  # the score less what was to be expected
    tied = games.drawn * (lost + won) - decided * drawn
    slope = np.append(_gathered(toward, -toward, games, size - 1) + 0.5 - virtual, tied.sum() + 1 / 3 - level)
    played = decided + games.drawn
    own, aside = played * _variance(lost, drawn, won), played * drawn * skew
    curvature = np.zeros((size, size))
    curvature[games.one, games.other] = curvature[games.other, games.one] = -own
    curvature[:-1, :-1].flat[::size] = _gathered(own, own, games, size - 1) + virtual * (1 - virtual)
    curvature[:-1, -1] = curvature[-1, :-1] = -_gathered(aside, -aside, games, size - 1)
    curvature[-1, -1] = (played * drawn * (lost + won)).sum() + level * (1 - level)
    return slope, curvature


def _gathered(of_one: np.ndarray, of_other: np.ndarray, games: Met, players: int) -> np.ndarray:
    """Sums by player, float64 [P], of what pairs give their two players, float64 [M] each."""
    return np.bincount(games.one, of_one, players) + np.bincount(games.other, of_other, players)
