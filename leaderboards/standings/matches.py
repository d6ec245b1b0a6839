"""Head to head: ratings from the games of submissions with one another, and how the best of them fared against each other."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from avatarium.leaderboards.ranking.ratings import Ratings, rate
from avatarium.leaderboards.ranking.tally import tally
from avatarium.leaderboards.standings.rounding import interval, rounded

Json = dict[str, Any]
SHOWN = 50
"""Players of the matrices: those with the best ratings. The matrices of a thousand would be most of what is stored of a table."""
DIGITS = 2
"""Decimals of ratings."""
Game = tuple[str, int, str, str, float]
"""What a table needs of a match: scenario, seed, first, second, and 1, 0.5 or 0 where the first did better, as well, worse.

A plain tuple: a hundred thousand of anything else would be visited by the garbage collector again and again.
"""


def table(names: Mapping[str, str], games: Iterable[Game]) -> Json | None:
    """Ratings of the players whose ``names`` are given by key, the best first; nothing where no two of them met.

    The matrices ``wins`` (of the row over the column), ``ties`` and ``p_beat`` are of the first ``shown`` players, at most ``SHOWN``.
    """
    among = [game for game in games if game[2] in names and game[3] in names]
    if not among:
        return None
    # a game and the return game with seats exchanged are one encounter, which is resampled as a whole
    encounters = [f"{where} {seed} {one} {two}" if one < two else f"{where} {seed} {two} {one}" for where, seed, one, two, _ in among]
    first, second, outcomes = [game[2] for game in among], [game[3] for game in among], [game[4] for game in among]
    return _told(rate(tally(first, second, outcomes, encounters, sorted(names))), names)


def _told(found: Ratings, names: Mapping[str, str]) -> Json:
    order = np.argsort(-found.values.round(DIGITS), kind="stable").tolist()  # of equal ones, as they are printed, the first by key
    best = np.ix_(order[:SHOWN], order[:SHOWN])
    return {
        "players": [{"key": found.players[k], "name": names[found.players[k]]} for k in order],
        "elo": [interval(found.ratings[k], DIGITS) for k in order],
        "games": (found.wins + found.wins.T + found.draws).sum(axis=1)[order].tolist(),
        "shown": min(SHOWN, len(order)),
        "wins": found.wins[best].tolist(),
        "ties": found.draws[best].tolist(),
        "p_beat": [[rounded(p) for p in row] for row in found.beats[best].tolist()],
    }


def lines(games: Iterable[Game]) -> bytes:
    """Games as bytes, a line each, for hashes."""
    return "".join([f"{scenario} {seed} {first} {second} {outcome}\n" for scenario, seed, first, second, outcome in games]).encode()
