"""The interquartile mean is the trimmed mean, continuous and without order; the headline keeps its ends and asks for balance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium.leaderboards.ranking.columns import Column
from avatarium.leaderboards.ranking.pillars import headline, iqm
from avatarium.leaderboards.ranking.table import table

SCORES = st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=40)


def once(values):
    """The interquartile mean of values that weigh the same."""
    return float(iqm(np.array([values], float), np.full((1, len(values)), 1 / len(values)))[0, 0])


def by_definition(values, parts=400_000):
    """The mean of the quantile function between the quarters, summed up in small parts."""
    u = 0.25 + (np.arange(parts) + 0.5) / (2 * parts)
    return np.sort(values)[np.floor(u * len(values)).astype(int)].mean()


@pytest.mark.parametrize("n", [4, 8, 32, 128])
def test_it_is_the_trimmed_mean_where_a_quarter_is_a_whole_number(n):
    scipy = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(n).normal(size=n)
    assert once(values) == pytest.approx(scipy.trim_mean(values, 0.25), abs=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 30])
def test_elsewhere_scores_on_the_edge_count_in_part(n):
    values = np.random.default_rng(n).normal(size=n)
    assert once(values) == pytest.approx(by_definition(values), abs=1e-5)


def test_by_hand():
    assert once([1.0, 2.0, 9.0]) == pytest.approx((1 * 1 / 12 + 2 * 1 / 3 + 9 * 1 / 12) * 2)


@given(SCORES, st.randoms())
def test_order_does_not_matter(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert once(values) == once(shuffled)


@given(SCORES)
def test_it_lies_among_the_scores(values):
    assert min(values) - 1e-12 <= once(values) <= max(values) + 1e-12


def test_outliers_do_not_matter():
    values = np.random.default_rng(0).normal(size=20)
    wild = values.copy()
    wild[np.argmax(values)] = 1e6
    assert once(wild) == pytest.approx(once(values), abs=1e-9)


def test_weights_are_repetitions():
    rng = np.random.default_rng(1)
    values, counts = rng.normal(size=(5, 12)), rng.multinomial(12, np.full(12, 1 / 12), size=9)
    found = iqm(values, counts / 12)
    again = [[once(np.repeat(row, count)) for count in counts] for row in values]
    np.testing.assert_allclose(found, again, atol=1e-13)


@given(st.integers(1, 30), st.randoms())
def test_rows_are_computed_apart(entrants, random):
    rng = np.random.default_rng(entrants)
    values, weights = rng.normal(size=(entrants, 10)).round(1), rng.dirichlet(np.ones(10), size=7)
    order = list(range(entrants))
    random.shuffle(order)
    assert iqm(values, weights)[order].tobytes() == iqm(values[order], weights).tobytes()


def test_the_headline_keeps_random_and_reference_to_the_bit():
    for k in (1, 2, 3):
        assert headline(np.zeros(k)) == 0.0
        assert headline(np.ones(k)) == 1.0


def test_the_headline_is_the_shifted_geometric_mean():
    assert float(headline(np.array([0.2, 0.8, -0.3]))) == pytest.approx((1.2 * 1.8 * 0.7) ** (1 / 3) - 1)


def test_a_balanced_policy_is_ahead_of_a_lopsided_one_of_the_same_sum():
    assert headline(np.array([0.5, 0.5, 0.5])) > headline(np.array([1.0, 0.5, 0.0])) > headline(np.array([1.5, 0.5, -0.5])) > -0.5


def test_a_part_that_was_entered_counts_by_its_share_whatever_else_was_not():
    """An interquartile mean over all parts at once would trim the one that was entered."""
    columns = [Column(world, "solo", "spl", "navigation", 0.0, 1.0, tuple(range(8))) for world in ("a", "b", "c", "d")]
    only = [np.full((1, 8), 0.8 if column.world == "a" else np.nan) for column in columns]
    assert table(columns, only, ["one"])[0].pillars["navigation"].value == pytest.approx(0.2)


def test_roles_of_a_world_are_parts_of_their_own():
    columns = [Column("a", f"{role} solo", "spl", "navigation", 0.0, 1.0, tuple(range(8)), role) for role in ("host", "visitor")]
    values = [np.full((1, 8), 1.0), np.full((1, 8), np.nan)]
    assert table(columns, values, ["one"])[0].pillars["navigation"].value == pytest.approx(0.5)
