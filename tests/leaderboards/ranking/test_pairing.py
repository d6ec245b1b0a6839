"""The next games go half to pairs that met least and half to where a game tells most."""

import numpy as np

from avatarium.leaderboards.ranking.pairing import next_games
from avatarium.leaderboards.ranking.ratings import rate
from avatarium.leaderboards.ranking.tally import tally


def known(games, players=()):
    first, second, scores = zip(*games, strict=True) if games else ((), (), ())
    return rate(tally(first, second, scores, [str(k) for k in range(len(games))], players), resamples=20)


def test_everybody_meets_everybody_in_turn():
    found = next_games(known([], "abcd"), 12, seed=0)
    assert sorted(set(found)) == [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]


def test_the_pair_that_never_met_comes_first():
    games = [(a, b, 0.5) for a, b in ("ab", "ac", "ad", "bc", "bd")] * 20
    assert next_games(known(games), 1, seed=0) == [("c", "d")]


def test_the_newcomer_plays_and_not_the_hopeless_pair():
    games = [("a", "b", 1.0), ("a", "c", 1.0), ("a", "b", 0.0)] * 40 + [("b", "c", 1.0)] * 40
    told = next_games(known(games, ["new"]), 20, seed=0)[1::2]
    assert sum("new" in pair for pair in told) >= 8
    assert ("a", "c") not in told


def test_what_one_game_will_tell_is_not_asked_again():
    found = next_games(known([], "abcdef"), 30, seed=1)[1::2]
    assert all(2 <= sum(player in pair for pair in found) <= 8 for player in "abcdef")


def test_the_seed_decides_between_equals_and_the_order_of_games_does_not(played):
    first, second, scores, matches = played(np.zeros(10), 200)
    forth = rate(tally(first, second, scores, matches), resamples=20)
    back = rate(tally(first[::-1], second[::-1], scores[::-1], matches[::-1]), resamples=20)
    assert next_games(forth, 40, 3) == next_games(back, 40, 3) == next_games(forth, 40, 3)
    assert next_games(forth, 40, 3) != next_games(forth, 40, 4)


def test_only_pairs_that_are_allowed_meet():
    allowed = {frozenset(("a", "c")), frozenset(("d", "b"))}
    found = next_games(known([], "abcd"), 8, seed=0, allowed=allowed)
    assert {frozenset(pair) for pair in found} == allowed
    assert next_games(known([], "abcd"), 8, seed=0, allowed=set()) == []


def test_nobody_plays_alone():
    assert next_games(known([], ["a"]), 5, 0) == next_games(known([]), 5, 0) == []
