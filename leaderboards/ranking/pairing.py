"""Pairing: which games to play next, so that everybody meets everybody and what is uncertain becomes known soonest."""

from collections.abc import Collection

import numpy as np

from avatarium.leaderboards.ranking.bradley_terry import information
from avatarium.leaderboards.ranking.ratings import ELO, Ratings


def next_games(known: Ratings, count: int, seed: int, allowed: Collection[frozenset[str]] | None = None) -> list[tuple[str, str]]:
    """The next ``count`` games, in turn one between the pair that met least often and one between the pair of which it tells most.

    How much a game tells is the uncertainty of its score times the variance of the difference between the two ratings; what a chosen
    game will tell is taken off what is not known before the next is chosen (Bayesian update of a linear model). Of pairs alike one is
    drawn, by ``seed``. ``allowed`` names the pairs that may meet; everybody may meet everybody without it.
    """
    first, second = np.triu_indices(len(known.players), k=1)
    if allowed is not None:
        may = [frozenset((known.players[i], known.players[j])) in allowed for i, j in zip(first, second, strict=True)]
        first, second = first[may], second[may]
    if not len(first):
        return []
    values, covariance = known.values / ELO, known.covariance / ELO**2
    played = (known.wins + known.wins.T + known.draws)[first, second].astype(float)
    told = information(values[first] - values[second], np.log(known.tie))
    lot = np.random.default_rng(seed).random(len(first))
    found = []
    for k in range(count):
        variance = np.diag(covariance)
        worth = -played if k % 2 == 0 else told * (variance[first] + variance[second] - 2 * covariance[first, second])
        best = np.flatnonzero(worth == worth.max())
        pair = best[np.argmax(lot[best])]
        i, j = first[pair], second[pair]
        played[pair] += 1
        along = covariance[i] - covariance[j]
        covariance = covariance - told[pair] / (1 + told[pair] * (along[i] - along[j])) * np.outer(along, along)
        found.append((known.players[i], known.players[j]))
    return found
