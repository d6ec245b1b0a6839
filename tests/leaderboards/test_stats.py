"""Intervals cover what they should; ranks are separated where policies differ and shared where they do not."""

import numpy as np
import pytest

from avatarium.leaderboards import stats


def covered(sample, truth, tries=300, episodes=40):
    """Share of intervals, over fresh samples, that cover the truth."""
    rng, hits = np.random.default_rng(0), 0
    for seed in range(tries):
        above, below = sample(rng, episodes)
        found = stats.standing(above[None], below[None], np.zeros(episodes, int), resamples=400, seed=seed).intervals()[0]
        hits += found.low <= truth <= found.high
    return hits / tries


def test_intervals_of_a_mean_cover_the_truth():
    assert 0.89 < covered(lambda rng, n: (rng.normal(2.0, 1.0, n), np.ones(n)), 2.0) < 0.98


def test_intervals_of_a_ratio_of_sums_cover_the_truth():
    def journeys(rng, n):
        tried = rng.poisson(20, n) + 1.0
        return rng.binomial(tried.astype(int), 0.7).astype(float), tried

    assert 0.89 < covered(journeys, 0.7) < 0.98


def test_the_width_is_that_of_the_normal_approximation():
    values = np.random.default_rng(1).normal(0.0, 1.0, 400)
    found = stats.interval(values, np.ones(400))
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)


def test_a_score_weighs_scenarios_evenly_and_pools_within_them():
    above, below = np.array([9.0, 0.0, 1.0]), np.array([9.0, 1.0, 1.0])
    assert stats.interval(above, below, np.array([0, 0, 1])).value == pytest.approx((9 / 10 + 1) / 2)


def test_a_scenario_without_journeys_counts_for_nothing():
    found = stats.interval(np.array([1.0, 0.0]), np.array([2.0, 0.0]), np.array([0, 1]))
    assert found.value == 0.5
    assert np.isnan(stats.interval(np.zeros(3), np.zeros(3)).value)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(2).random(50)
    assert stats.interval(values, np.ones(50)) == stats.interval(values, np.ones(50))
    assert stats.interval(values, np.ones(50)) != stats.interval(values, np.ones(50), seed=1)


def test_ranks_separate_what_differs_and_share_what_does_not():
    rng = np.random.default_rng(3)
    skill = rng.normal(0, 1, 60)  # how hard each seed is: common to all policies
    values = np.stack([skill + 3, skill + rng.normal(0, 0.5, 60), skill + rng.normal(0, 0.5, 60), skill - 3])
    found = stats.standing(values, np.ones_like(values), np.arange(60) % 3)
    assert found.ranks(higher_is_better=True) == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert found.ranks(higher_is_better=False) == [(4, 4), (2, 3), (2, 3), (1, 1)]


def test_common_seeds_separate_what_separate_seeds_would_not():
    rng = np.random.default_rng(4)
    skill = rng.normal(0, 5, 40)
    better, worse = skill + 0.3 + rng.normal(0, 0.2, 40), skill + rng.normal(0, 0.2, 40)
    values = np.stack([better, worse])
    found = stats.standing(values, np.ones_like(values), np.zeros(40, int))
    assert found.ranks(higher_is_better=True) == [(1, 1), (2, 2)]
    a, b = found.intervals()
    assert a.low < b.high  # although the intervals overlap


def test_equal_policies_share_the_first_place():
    values = np.ones((3, 10))
    assert stats.standing(values, np.ones_like(values), np.zeros(10, int)).ranks(True) == [(1, 1)] * 3


def test_intervals_are_the_quantiles_of_what_was_drawn():
    drawn = np.random.default_rng(5).normal(size=(41, 6))
    drawn[3, 1] = drawn[:, 2] = np.nan
    drawn[:5, 4] = np.nan
    found = stats.Standing(np.arange(6.0), drawn).intervals()
    for k in (0, 1, 3, 4, 5):
        expected = np.nanquantile(drawn[:, k], [0.025, 0.975])
        assert (found[k].low, found[k].high) == pytest.approx(expected)
    assert np.isnan(found[2].low)
    assert np.isnan(found[2].high)


@pytest.mark.parametrize("resamples", [1, 2, 40, 41, 2000])
def test_any_number_of_resamples_has_ends(resamples):
    drawn = np.random.default_rng(6).normal(size=(resamples, 3))
    found = stats.Standing(np.zeros(3), drawn).intervals()
    np.testing.assert_allclose([[one.low for one in found], [one.high for one in found]], np.quantile(drawn, [0.025, 0.975], axis=0))


def test_nobody_has_no_interval():
    assert stats.Standing(np.zeros(0), np.zeros((20, 0))).intervals() == []
