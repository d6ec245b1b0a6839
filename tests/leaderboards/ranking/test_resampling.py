"""Intervals cover the truth; draws belong to worlds and seeds, and to nobody and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from avatarium.leaderboards.ranking.columns import Column, sheet
from avatarium.leaderboards.ranking.resampling import means, resample, weights

COLUMN = Column("maze", "solo", "success", "navigation", 0.0, 1.0, tuple(range(16)))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """The truth is what 200,000 seeds give; noise is skewed, and columns differ in level."""
    rng, tries, seeds = np.random.default_rng(0), 200, 32
    columns = [replace(COLUMN, world=f"w{k}", seeds=tuple(range(seeds))) for k in range(3)]

    def scores(n):
        return [level + 0.3 * (rng.gamma(2.0, 0.5, n) - 1.0) for level in (0.2, 0.4, 0.6)]

    truth = np.mean([np.sort(one)[50_000:150_000].mean() for one in scores(200_000)])
    values = [np.stack(rows) for rows in zip(*[scores(seeds) for _ in range(tries)], strict=True)]
    low, high = np.quantile(resample(sheet(columns, values), 500).pillar_draws[0], [0.025, 0.975], axis=1)
    assert 0.9 < np.mean((low <= truth) & (truth <= high)) < 0.98


def test_the_first_are_the_scores_themselves(season):
    found = season([0.2, 0.8])
    whole = resample(sheet(found.columns, found.values), 50)
    assert whole.headline.shape == (2,)
    assert whole.headline_draws.shape == (2, 50)
    assert np.abs(whole.headline_draws.mean(axis=1) - whole.headline).max() < 0.05
    assert whole.names == ("navigation", "social", "curiosity")


def test_modes_of_a_world_share_draws_and_worlds_do_not():
    values = np.random.default_rng(1).random((1, 16))
    twice = [COLUMN, replace(COLUMN, mode="crowd", pillar="social"), replace(COLUMN, world="yard", pillar="curiosity")]
    draws = resample(sheet(twice, [values] * 3), 40).pillar_draws
    assert draws[0].tobytes() == draws[1].tobytes()
    assert draws[0].tobytes() != draws[2].tobytes()


def test_other_columns_and_entrants_change_nobodys_draws(season):
    found = season([0.1, 0.5, 0.9], columns=3)
    alone = resample(sheet(found.columns[:1], [found.values[0][1:2]]), 40)
    together = resample(sheet(found.columns, found.values), 40)
    assert alone.pillar_draws[0, 0].tobytes() == together.pillar_draws[0, 1].tobytes()


def test_columns_weigh_the_same_however_many_seeds():
    few, many = replace(COLUMN, world="few", seeds=(0,)), replace(COLUMN, world="many", seeds=tuple(range(9)))
    found = resample(sheet([few, many], [np.ones((1, 1)), np.zeros((1, 9))]), 5)
    assert found.pillars[0, 0] == pytest.approx(0.5)


def test_weights_are_counts_of_a_draw_over_their_number():
    found = weights(COLUMN, 30, 1)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert found[0].tolist() == [1 / 16] * 16
    np.testing.assert_allclose(found * 16, np.rint(found * 16))
    assert len({row.tobytes() for row in found}) == 31


def test_weights_cannot_be_changed_by_who_asks_for_them():
    with pytest.raises(ValueError, match="read-only"):
        weights(COLUMN, 30, 1)[0, 0] = 2.0


def test_means_are_weighted_row_by_row_and_gaps_stay():
    rng = np.random.default_rng(0)
    scores, drawn = rng.normal(size=(5, 16)), weights(COLUMN, 30, 1)
    found = means(scores, drawn)
    np.testing.assert_allclose(found, scores @ drawn.T, atol=1e-14)
    assert means(scores[3:4], drawn).tobytes() == found[3].tobytes()
    scores[1, 4] = np.nan
    assert np.isnan(means(scores, drawn)).any(axis=1).tolist() == [False, True, False, False, False]


def test_another_seed_draws_otherwise(season):
    found = season([0.1, 0.5])
    both = [resample(sheet(found.columns, found.values), 40, seed).headline_draws for seed in (1, 2)]
    assert both[0].tobytes() != both[1].tobytes()
