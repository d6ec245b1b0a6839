"""Places are shared where nothing can be said, told apart where it can, and fall with the scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium.leaderboards.ranking.places import outscored, placing


def around(*means, spread=1.0, resamples=400, seed=0):
    """Scores at ``means``, and resamples around them, independent of one another."""
    centre = np.array(means, float)
    return centre, centre[:, None] + np.random.default_rng(seed).normal(0, spread, (len(means), resamples))


def test_who_differs_is_told_apart_and_who_does_not_is_not():
    found = placing(*around(10.0, 5.2, 5.0, 0.0))
    assert found.place.tolist() == [1, 2, 2, 4]
    assert list(zip(found.best.tolist(), found.worst.tolist(), strict=True)) == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert found.better[0, 1] == 1.0
    assert 0.4 < found.better[1, 2] < 0.7


def test_equal_resamples_are_better_in_half_and_share_the_first_place():
    found = placing(np.ones(3), np.ones((3, 10)))
    assert (found.better == 0.5).all()
    assert found.place.tolist() == found.best.tolist() == found.worst.tolist() == [1, 1, 1]


def test_a_chain_of_neighbours_gives_counts_and_no_groups():
    found = placing(*around(4.0, 2.4, 0.8, spread=0.8))
    assert found.better[0, 1] < 0.95 > found.better[1, 2]
    assert found.better[0, 2] > 0.95
    assert found.place.tolist() == [1, 1, 2]


def test_an_uncertain_entrant_does_not_stand_before_a_higher_score():
    scores = np.array([3.0, 2.0, 1.9])
    rng = np.random.default_rng(0)
    found = placing(scores, np.stack([rng.normal(3, 0.1, 500), rng.normal(2, 0.1, 500), rng.normal(1.9, 3, 500)]))
    assert found.better[0, 2] < 0.95 < found.better[0, 1]
    assert found.place.tolist() == [1, 2, 2]


def test_one_resample_in_forty_is_more_than_may_be_left_out():
    mostly, once = [2.0] * 39, [0.0]
    found = placing(np.array([2.0, 1.5, 1.0]), np.array([mostly + once, [1.5] * 40, [1.0] * 39 + [3.0]]))
    assert found.best.tolist() == [1, 2, 1]
    assert found.worst.tolist() == [3, 2, 3]


def test_the_rank_by_score_is_left_open_even_where_no_resample_has_it():
    found = placing(np.array([1.0, 0.0]), np.array([[0.0] * 40, [1.0] * 40]))
    assert list(zip(found.best.tolist(), found.worst.tolist(), strict=True)) == [(1, 2), (1, 2)]


@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 10_000))
def test_outscored_is_how_many_have_more(entrants, resamples, seed):
    scores = np.random.default_rng(seed).normal(size=(entrants, resamples)).round(1)
    assert outscored(scores).tolist() == (scores[None] > scores[:, None]).sum(axis=1).tolist()


def test_more_entrants_than_two_bytes_can_count():
    scores = np.arange(40_000.0)[:, None] // 2
    found = outscored(scores)[:, 0]
    assert found[[0, 1, -2, -1]].tolist() == [39_998, 39_998, 0, 0]


TABLES = st.integers(1, 12).flatmap(lambda p: st.tuples(st.just(p), st.integers(0, 10_000)))


@given(TABLES, st.randoms())
def test_ranks_hold_the_rank_and_places_fall_with_scores(table, random):
    entrants, seed = table
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=entrants).round(1)
    resampled = (scores[:, None] + rng.normal(0, 0.5, (entrants, 40))).round(1)
    found = placing(scores, resampled)
    rank = 1 + (scores[None] > scores[:, None]).sum(axis=1)
    assert ((found.best <= rank) & (rank <= found.worst)).all()
    by_score = found.place[np.argsort(-scores, kind="stable")]
    assert by_score[0] == 1
    assert (np.diff(by_score) >= 0).all()
    np.testing.assert_allclose(found.better + found.better.T, 1.0)
    more, same = (op(resampled[:, None], resampled[None]).mean(axis=2) for op in (np.greater, np.equal))
    np.testing.assert_allclose(found.better, more + same / 2)
    order = list(range(entrants))
    random.shuffle(order)
    again = placing(scores[order], resampled[order])
    assert again.better.tobytes() == found.better[np.ix_(order, order)].tobytes()
    for name in ("place", "best", "worst"):
        assert getattr(again, name).tolist() == getattr(found, name)[order].tolist()


@pytest.mark.parametrize("entrants", [0, 1])
def test_a_table_of_one_or_none(entrants):
    assert placing(np.zeros(entrants), np.zeros((entrants, 5))).place.tolist() == [1] * entrants
