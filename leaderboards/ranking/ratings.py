"""Ratings: skills on the Elo scale with intervals over matches, who beats whom, and who never met."""

from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.ranking.bradley_terry import Fit, chances, fit
from avatarium.leaderboards.ranking.graph import components
from avatarium.leaderboards.ranking.places import Placing, placing
from avatarium.leaderboards.ranking.tally import Tally

ELO = 400 / np.log(10)
"""Points by which the odds of winning rise by a factor of e: 400 points are odds of 10 to 1."""
VIRTUAL_DEVIATIONS = 1 / 2, np.sqrt(2) / 3
"""Of the score of one game between equals, and of whether a game of which a third are drawn is."""


@dataclass(frozen=True)
class Ratings:
    """What P players' games say about them."""

    players: tuple[str, ...]
    ratings: tuple[stats.Interval, ...]
    """In points of Elo; their mean is 0. The intervals cover 95 % of the resamples of matches."""
    covariance: np.ndarray
    """float64 [P, P], in points squared: what is not known about ratings against their mean, by the curvature of the likelihood."""
    placing: Placing
    """Places and intervals of ranks, by the same resamples."""
    tie: float
    """Davidson's weight of draws: of equals v / (v + 2) of the games are drawn."""
    beats: np.ndarray
    """float64 [P, P]: how likely the row's player wins a game against the column's; not a number on the diagonal."""
    wins: np.ndarray
    draws: np.ndarray
    """int64 [P, P]: head to head, as in ``Tally``."""
    component: np.ndarray
    """int64 [P]: equal for players who met, directly or through others; between components only the virtual games compare."""

    @property
    def values(self) -> np.ndarray:
        """The ratings without intervals, float64 [P]."""
        return np.array([rating.value for rating in self.ratings])

    @property
    def deviations(self) -> np.ndarray:
        """One standard deviation of what is not known about a rating, in points, float64 [P]."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def rate(games: Tally, resamples: int = stats.RESAMPLES, seed: int = stats.SEED) -> Ratings:
    """Rate all players of a tally by all games at once."""
    wins, draws = games.wins, games.draws
    found = fit(wins, draws)
    skills, drawn = _centred(found.skills) * ELO, _centred(found.skills + resampled(games, found, resamples, seed)) * ELO
    drawn = np.asfortranarray(drawn)  # what is drawn for a player lies together
    beats = chances(skills[:, None] / ELO - skills[None, :] / ELO, found.log_tie)[2]
    np.fill_diagonal(beats, np.nan)
    covariance = _centred(_centred(found.covariance[:-1, :-1]).T) * ELO**2
    intervals = tuple(stats.Standing(skills, drawn).intervals()) if games.players else ()
    places = placing(skills, drawn.T)
    tie = float(np.exp(found.log_tie))
    return Ratings(games.players, intervals, covariance, places, tie, beats, wins, draws, components((wins + draws) > 0))


def resampled(games: Tally, found: Fit, resamples: int, seed: int) -> np.ndarray:
    """By how much skills differ, float64 [R, P], when groups of matches are drawn with replacement (cluster bootstrap).

    One Newton step from the fit to all games instead of a fit to every draw, which for the many games of a season differs by little and
    takes hundreds of times as long. The virtual games are played anew as well, or who has no games, or only won ones, would look certain.
    """
    rng = np.random.default_rng(seed)
    times = stats.draws(np.zeros(games.groups, int), resamples, seed) - 1
    noise = rng.normal(size=(resamples, len(found.skills) + 1))
    noise[:, :-1] *= VIRTUAL_DEVIATIONS[0]
    noise[:, -1] *= VIRTUAL_DEVIATIONS[1]
    slopes = times @ _slopes(games, found) + noise
    return np.asarray(slopes @ found.covariance[:, :-1])


def _slopes(games: Tally, found: Fit) -> np.ndarray:
    """float64 [groups, P + 1]: where each group of matches alone would draw skills and the weight of draws, from where they are."""
    size = len(found.skills) + 1
    lost, drawn, won = chances(found.skills[games.first] - found.skills[games.second], found.log_tie)
    toward = games.count * ((games.outcome - 1) / 2 - (won - lost) / 2)
    tied = games.count * ((games.outcome == 1) - drawn)
    where = np.concatenate([games.first, games.second, np.full_like(games.first, size - 1)]) + size * np.tile(games.group, 3)
    return np.bincount(where, np.concatenate([toward, -toward, tied]), games.groups * size).reshape(games.groups, size)


def _centred(skills: np.ndarray) -> np.ndarray:
    """Skills [..., P] less their mean."""
    return np.asarray(skills - skills.sum(axis=-1, keepdims=True) / max(1, skills.shape[-1]))
