"""The model of Bradley and Terry (1952) with the draws of Davidson (1970, https://doi.org/10.1080/01621459.1970.10481082).

With d the difference of two skills and v the weight of draws, a game is won, drawn, lost with chances in the proportion
exp(d/2) : v : exp(-d/2). The likeliest skills given all games at once depend on no order; those of sequential updates do.

Besides, every player has played one virtual game against an average player, of skill 0, and drawn it: half a win and half a loss, so
that it says nothing about draws. One more game, between two equals, was a third of each. So everybody's skill is finite, also of who
never lost, played nobody, or only within a circle of their own; against a dozen real games it hardly weighs.
"""

from dataclasses import dataclass

import numpy as np

TOLERANCE = 1e-6
"""Of a step, in natural units. Where the last step is that short, the error that is left is about its square."""
LONGEST = 0.5
STEPS = 200


@dataclass(frozen=True)
class Fit:
    """The likeliest parameters."""

    skills: np.ndarray
    """float64 [P], in natural units: a difference of 1 makes the odds of winning e to 1."""
    log_tie: float
    """The logarithm of the weight of draws."""
    curvature: np.ndarray
    """float64 [P + 1, P + 1]: how sharp the maximum is; its inverse is the covariance of skills and ``log_tie``."""


def chances(difference: np.ndarray, log_tie: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How likely the first one loses, draws, wins, given by how much it is more skilled (any shape).

    >>> [float(chance.round(3)) for chance in chances(np.array(np.log(4.0)), 0.0)]
    [0.143, 0.286, 0.571]
    """
    half = np.asarray(difference) / 2
    total = np.logaddexp(np.logaddexp(half, -half), log_tie)
    return np.exp(-half - total), np.exp(log_tie - total), np.exp(half - total)


def information(difference: np.ndarray, log_tie: float) -> np.ndarray:
    """How much a game tells of the difference of two skills: the variance of its score, 1/4 at most."""
    return _variance(*chances(difference, log_tie))


def _variance(lost: np.ndarray, drawn: np.ndarray, won: np.ndarray) -> np.ndarray:
    """The same by the chances; a sum of products rather than a difference of squares, which would be lost in rounding."""
    return np.asarray(won * lost + drawn * (won + lost) / 4)


def fit(wins: np.ndarray, draws: np.ndarray) -> Fit:
    """Find the likeliest skills of P players who won ``wins`` [P, P] (row against column) and drew ``draws`` [P, P] (symmetric).

    Newton's method on the logarithm of the likelihood, which is concave. Along a step of at most 1/2 the logarithms of all odds change by
    1 or less and the curvature by a factor of e or less, so that every step leads uphill (Bach 2010, arXiv:0910.4627).
    Raises ArithmeticError when it did not converge.
    """
    at = np.zeros(len(wins) + 1)
    for _ in range(STEPS):
        slope, curvature = _slopes(at, wins, draws)
        step = np.linalg.solve(curvature, slope)
        length = float(np.abs(step).max())
        at += step * min(1.0, LONGEST / max(length, TOLERANCE))
        if length < TOLERANCE:
            return Fit(at[:-1], float(at[-1]), curvature)
    raise ArithmeticError(f"ratings of {len(wins)} players did not converge in {STEPS} steps")


def _slopes(at: np.ndarray, wins: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient [P + 1] and negated Hessian [P + 1, P + 1] of the logarithm of the likelihood, virtual games included."""
    skills, log_tie = at[:-1], at[-1]
    lost, drawn, won = chances(skills[:, None] - skills[None, :], log_tie)
    decided, skew, virtual = wins + wins.T, (won - lost) / 2, 1 / (1 + np.exp(-skills))
    level = float(chances(np.zeros(()), log_tie)[1])
    toward = wins * (lost + drawn / 2) - wins.T * (won + drawn / 2) - draws * skew  # the score less what was to be expected
    tied = draws * (lost + won) - decided * drawn
    slope = np.append(toward.sum(axis=1) + 0.5 - virtual, tied.sum() / 2 + 1 / 3 - level)
    games = decided + draws
    own = games * _variance(lost, drawn, won)
    curvature = np.zeros((len(at), len(at)))
    curvature[:-1, :-1] = np.diag(own.sum(axis=1) + virtual * (1 - virtual)) - own
    curvature[:-1, -1] = curvature[-1, :-1] = -(games * drawn * skew).sum(axis=1)
    curvature[-1, -1] = (games * drawn * (lost + won)).sum() / 2 + level * (1 - level)
    return slope, curvature
