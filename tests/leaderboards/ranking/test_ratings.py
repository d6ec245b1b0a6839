"""Ratings have honest intervals, and are equal to the byte whatever the order of games and seats."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium.leaderboards.ranking import ratings as module
from avatarium.leaderboards.ranking.bradley_terry import fit
from avatarium.leaderboards.ranking.ratings import ELO, rate, resampled
from avatarium.leaderboards.ranking.tally import tally

GAMES = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.sampled_from((0.0, 0.5, 1.0)), st.sampled_from("1234567")).filter(
        lambda game: game[0] != game[1]
    ),
    max_size=30,
)


def told(found):
    """All of some ratings, as bytes and texts."""
    arrays = (found.covariance, found.beats, found.wins, found.draws, found.component, *vars(found.placing).values())
    return found.players, repr(found.ratings), found.tie, [array.tobytes() for array in arrays]


@settings(max_examples=40)
@given(GAMES, st.randoms())
def test_neither_order_nor_seats_matter(games, random):
    def rated(some):
        return rate(tally(*([game[k] for game in some] for k in range(4)), players="abcde"), resamples=20)

    moved = [(b, a, 1 - score, match) if random.random() < 0.5 else (a, b, score, match) for a, b, score, match in games]
    random.shuffle(moved)
    assert told(rated(games)) == told(rated(moved))


def test_intervals_cover_the_truth_about_as_often_as_they_say(played):
    hits = []
    for seed in range(60):
        skills = np.random.default_rng(seed).normal(0, 1, 8)
        found = rate(tally(*played(skills, 160, seed=seed), players=[f"p{k:03}" for k in range(8)]), resamples=300)
        truth = (skills - skills.mean()) * ELO
        hits += [rating.low <= x <= rating.high for rating, x in zip(found.ratings, truth, strict=True)]
    assert 0.91 < np.mean(hits) < 0.98


def test_one_step_agrees_with_the_fit_to_every_draw(monkeypatch, played):
    """Ends of intervals within 8 % of their width and deviations within 5 %, where chance alone makes up most of it."""
    monkeypatch.setattr(module, "VIRTUAL_DEVIATIONS", (0.0, 0.0))  # the fits below keep the virtual games as they are
    skills = np.random.default_rng(5).normal(0, 1, 10)
    first, second, scores, matches = (np.array(part) for part in played(skills, 1500, seed=5))
    games = tally(first, second, scores, matches)
    one = resampled(games, fit(games.wins, games.draws), 2000, 0)
    one += fit(games.wins, games.draws).skills
    rng, full = np.random.default_rng(1), []
    for _ in range(1000):
        drawn = (2 * rng.integers(0, 750, 750)[:, None] + np.arange(2)).ravel()
        again = tally(first[drawn], second[drawn], scores[drawn], matches[drawn])
        full.append(fit(again.wins, again.draws).skills)
    one, full = (np.asarray(some) - np.mean(some, axis=1, keepdims=True) for some in (one, full))
    ends = [np.quantile(some, [0.025, 0.975], axis=0) for some in (one, full)]
    assert np.abs((ends[0] - ends[1]) / (ends[1][1] - ends[1][0])).max() < 0.08
    assert np.abs(one.std(axis=0) / full.std(axis=0) - 1).max() < 0.05


def test_matches_are_what_is_drawn(played):
    """Games that repeat the same result within a match tell no more than one: intervals widen by the root of their number."""
    first, second, scores, _ = played(np.zeros(6), 900)
    four = [part * 4 for part in (first, second, scores)]
    together = rate(tally(*four, [str(k) for k in range(900)] * 4))
    apart = rate(tally(*four, [str(k) for k in range(3600)]))
    width = [np.mean([rating.high - rating.low for rating in found.ratings]) for found in (together, apart)]
    assert width[0] / width[1] == pytest.approx(2.0, rel=0.1)


def test_groups_of_matches_vary_as_matches_do(monkeypatch, played):
    games = played(np.random.default_rng(2).normal(0, 1, 8), 3000)
    single = rate(tally(*games))
    monkeypatch.setattr("avatarium.leaderboards.ranking.tally.GROUPS", 300)
    grouped = rate(tally(*games))
    assert single.values.tolist() == grouped.values.tolist()
    width = [[rating.high - rating.low for rating in found.ratings] for found in (single, grouped)]
    np.testing.assert_allclose(width[0], width[1], rtol=0.2)


def test_the_scale_is_that_of_elo():
    found = rate(tally(["a"] * 11_000, ["b"] * 11_000, [1.0] * 10_000 + [0.0] * 1000, [str(k) for k in range(11_000)]), resamples=50)
    assert found.values[0] - found.values[1] == pytest.approx(400, abs=1)
    assert found.values.sum() == pytest.approx(0, abs=1e-9)
    assert found.beats[0, 1] == pytest.approx(10 / 11, abs=1e-3)
    assert np.isnan(found.beats[0, 0])
    assert found.placing.place.tolist() == [1, 2]


def test_draws_bring_players_together_and_are_told():
    scores = [1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0] * 50
    found = rate(tally(["a"] * 400, ["b"] * 400, scores, [str(k) for k in range(400)]), resamples=50)
    assert found.values.tolist() == pytest.approx([0, 0], abs=1e-9)
    assert found.tie == pytest.approx(6.0, rel=0.05)
    assert found.beats[0, 1] == pytest.approx(1 / 8, abs=0.005)
    assert found.placing.place.tolist() == [1, 1]


def test_who_never_met_is_told_and_who_never_lost_is_not_certain():
    found = rate(tally(["a", "a", "c"] * 5, ["b", "b", "d"] * 5, [1.0] * 15, [str(k) for k in range(15)], players=["e"]))
    assert found.component.tolist() == [0, 0, 2, 2, 4]
    assert np.isfinite(found.values).all()
    widths = {player: rating.high - rating.low for player, rating in zip(found.players, found.ratings, strict=True)}
    assert widths["e"] > widths["c"] > 300
    assert 400 < found.deviations[4] * 2 * 1.96 < 1400


def test_alone_and_without_anybody():
    assert rate(tally([], [], [], [], ["a"]), resamples=10).values.tolist() == [0.0]
    assert rate(tally([], [], [], []), resamples=10).ratings == ()
