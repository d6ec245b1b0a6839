"""The table of a season: sorted, complete, and equal to the byte in whatever order things come."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium.leaderboards.ranking.columns import LOW
from avatarium.leaderboards.ranking.table import table
from avatarium.worlds.core.errors import UserError


def told(rows):
    return [repr(row) for row in rows]


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(0, 1000), st.booleans(), st.randoms())
def test_order_of_entrants_columns_and_seeds_does_not_matter(season, entrants, seed, ties, random):
    found = season(np.random.default_rng(seed).random(entrants), columns=5, seeds=6, seed=seed)
    if ties:  # scores that are equal within and between policies
        found.values = [values.round(1) for values in found.values]
    found.values[0][0, :3] = np.nan
    rows, columns, seeds = ([*range(n)] for n in (entrants, 5, 6))
    for order in (rows, columns, seeds):
        random.shuffle(order)
    moved = [replace(found.columns[c], seeds=tuple(found.columns[c].seeds[s] for s in seeds)) for c in columns]
    values = [found.values[c][np.ix_(rows, seeds)] for c in columns]
    again = table(moved, values, [found.entrants[k] for k in rows], resamples=40)
    assert told(again) == told(table(found.columns, found.values, found.entrants, resamples=40))


def test_the_better_come_first_and_are_told_apart(season):
    found = season([0.1, 0.9, 0.5, 0.5], columns=12, seeds=32, seed=1)
    rows = table(found.columns, found.values, found.entrants)
    assert [row.entrant for row in rows[::3]] == ["policy001", "policy000"]
    assert [row.place for row in rows] == [1, 2, 2, 4]
    assert [(row.best_rank, row.worst_rank) for row in rows] == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert rows[0].beats_next == rows[2].beats_next == 1.0
    assert 0.05 < rows[1].beats_next < 0.95
    assert rows[3].beats_next is None
    assert all(row.headline.low < row.headline.value < row.headline.high for row in rows)
    assert list(rows[0].pillars) == ["navigation", "social", "curiosity"]


def test_random_and_reference_are_what_the_scale_says(season):
    found = season([0.0, 1.0], noise=0.0)
    values = [np.repeat([[0.0], [1.0]], 8, axis=1) for _ in found.columns]
    first, second = table(found.columns, values, ["random", "reference"], resamples=20)
    assert (first.headline.value, first.headline.low, first.headline.high) == (1.0, 1.0, 1.0)
    assert (second.headline.value, second.pillars["social"].value) == (0.0, 0.0)


def test_nothing_counts_as_random(season):
    found = season([0.8, 0.8, 0.8], columns=3)
    nothing = [values.copy() for values in found.values]
    nothing[1][2] = np.nan
    zero = [values.copy() for values in found.values]
    zero[1][2] = 0.0
    gone, there = (table(found.columns, values, found.entrants, resamples=20) for values in (nothing, zero))
    assert gone[-1].entrant == "policy002"
    assert gone[-1].covered == pytest.approx(2 / 3)
    assert there[-1].covered == 1.0
    assert gone[-1].headline == there[-1].headline
    assert gone[-1].pillars["social"].value == 0.0


def test_the_worst_everywhere_has_the_floor(season):
    found = season([-9.0])
    assert table(found.columns, found.values, found.entrants, resamples=5)[0].headline.value == pytest.approx(LOW)


def test_common_seeds_separate_what_separate_seeds_would_not(season):
    found = season([0.5], columns=3, seeds=16)
    values = [np.concatenate([column, column + 0.01]) for column in found.values]
    better, worse = table(found.columns, values, ["a", "b"])
    assert (better.entrant, better.place, worse.place) == ("b", 1, 2)
    assert better.headline.low < worse.headline.high  # although the intervals overlap


def test_copies_share_the_first_place(season):
    found = season([0.5], columns=3)
    rows = table(found.columns, [np.repeat(column, 3, axis=0) for column in found.values], ["c", "a", "b"], resamples=50)
    assert [(row.entrant, row.place, row.best_rank, row.worst_rank) for row in rows] == [(name, 1, 1, 1) for name in "abc"]
    assert rows[0].beats_next == 0.5


def test_what_does_not_fit_is_refused(season):
    found = season([0.5, 0.6])
    with pytest.raises(UserError, match="more than once"):
        table(found.columns, found.values, ["a", "a"])
    with pytest.raises(UserError, match="1 entrants need as many rows"):
        table(found.columns, found.values, ["a"])
    assert table(found.columns, [values[:0] for values in found.values], []) == []
