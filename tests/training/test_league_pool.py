"""The pool offers those that are not beaten yet, forgets nobody, and keeps versions of every age."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium.training.league.league import League
from avatarium.training.league.outcome import ITSELF, Results
from avatarium.training.league.pool import Pool, Rules
from avatarium.worlds.core.errors import UserError


def results(**wins: int) -> Results:
    """So many wins of the current policy against each, from both sides, and as many losses and draws of no consequence."""
    counts = np.array([[[3, 2, won // 2], [1, 1, won - won // 2]] for won in wins.values()], np.int64)
    return Results(tuple(wins), counts)


def grown(versions: int, capacity: int) -> Pool:
    pool = Pool.of(("greedy",), Rules(every=10, capacity=capacity))
    for k in range(versions):
        pool = pool.join(f"v{10 * k}", 10 * k)
    return pool


def test_a_win_takes_eta_over_n_p_and_nothing_else_changes_quality() -> None:
    pool = Pool.of(("a", "b"), Rules(eta=0.01, alike=0.5)).join("c", 10)
    pool = replace(pool, members=(pool.members[0], replace(pool.members[1], quality=-1.0), pool.members[2]))
    shares = np.exp([0.0, -1.0, 0.0]) / np.exp([0.0, -1.0, 0.0]).sum()
    p = 0.5 * shares + 0.5 / 3
    np.testing.assert_allclose(pool.probabilities(), p)
    after = pool.after(results(b=5, c=0, gone=7))
    np.testing.assert_allclose([m.quality for m in after.members], [0.0, -1.0 - 5 * 0.01 / (3 * p[1]), 0.0])


def test_versions_join_with_the_largest_quality() -> None:
    pool = Pool.of(("a", "b"), Rules()).after(results(a=10, b=20))
    assert pool.join("c", 10).members[-1].quality == pool.members[0].quality < 0


def test_nobody_is_forgotten_however_often_beaten() -> None:
    pool = Pool.of(("a", "b", "c", "d"), Rules(alike=0.2))
    for _ in range(100):
        pool = pool.after(results(a=1000))
    assert pool.probabilities()[0] == pytest.approx(0.2 / 4)
    assert np.isfinite(pool.members[0].quality)


def test_the_order_of_results_within_a_batch_does_not_matter() -> None:
    pool = Pool.of(("a", "b"), Rules())
    parts = [results(a=3, b=1), results(b=4), results(a=2)]
    forward, backward = (pool.after(Results.merged(order)) for order in (parts, parts[::-1]))
    assert forward == backward


@given(st.integers(1, 60), st.integers(2, 12))
def test_a_full_pool_keeps_a_spread_and_all_rivals(versions: int, capacity: int) -> None:
    pool = grown(versions, capacity)
    born = [m.born for m in pool.members if not m.scripted]
    assert pool.members[0].scripted
    assert len(born) == min(versions, capacity)
    assert born[0] == 0
    assert born[-1] == 10 * (versions - 1)
    if capacity > 2 and len(born) == capacity:
        widest = max(np.diff(born))
        assert widest <= max(10, 4 * (born[-1] - born[0]) / (capacity - 1)), "one stretch of the training has hardly any witness"


def test_the_state_goes_through_json() -> None:
    pool = grown(8, 4).after(results(greedy=3, v70=2))
    assert Pool.from_json(json.loads(json.dumps(pool.to_json())), pool.rules) == pool


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(UserError, match="name of its own"):
        Pool.of(("a", "a"), Rules())
    with pytest.raises(UserError, match="already"):
        grown(3, 4).join("greedy", 40)


def test_versions_are_due_every_so_many_iterations() -> None:
    pool = Pool.of((), Rules(every=4))
    assert [i for i in range(10) if pool.due(i)] == [0, 4, 8]


def test_scores_are_told_by_rival_and_over_everybody() -> None:
    league = League.begin(("greedy",), Rules(every=2))
    for iteration in range(1, 4):
        told = league.after(iteration, results(greedy=6, **dict.fromkeys(league.versions, 0), **{ITSELF: 4}), dict)
    assert list(league.versions) == ["v2"]
    alone = (6 + 0.5 * 3) / 13
    assert told["league/greedy"] == pytest.approx(alone)
    assert told["league/score"] == pytest.approx((alone + 1.5 / 7) / 2)
    assert set(told) == {"league/greedy", "league/score"}, "neither oneself nor past versions apart"
