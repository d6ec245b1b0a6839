"""Scores are put onto one scale, and what does not fit is refused by name."""

from dataclasses import replace

import numpy as np
import pytest

from avatarium.leaderboards.ranking.columns import Column, normalise, sheet
from avatarium.worlds.core.errors import UserError

TIME = Column("maze", "solo", "seconds", "navigation", random=30.0, reference=10.0, seeds=(7, 3, 5))


def test_random_is_zero_and_the_reference_one_also_where_lower_is_better():
    found = normalise(np.array([30.0, 10.0, 20.0]), TIME)
    assert found.tolist() == [0.0, 1.0, 0.5]
    assert not np.signbit(found[0])


def test_scores_are_clipped_and_gaps_stay():
    found = normalise(np.array([-1000.0, np.inf, np.nan]), TIME)
    assert found[:2].tolist() == [1.5, -0.5]
    assert np.isnan(found[2])


@pytest.mark.parametrize("anchors", [(0.3, 0.1 + 0.2), (0.0, float("nan")), (float("inf"), 0.0)])
def test_anchors_that_make_no_scale_are_named(anchors):
    with pytest.raises(ValueError, match="maze/solo/seconds has no scale"):
        normalise(np.zeros(1), replace(TIME, random=anchors[0], reference=anchors[1]))


def test_seeds_and_columns_are_put_in_order():
    other = replace(TIME, world="a")
    found = sheet([TIME, other], [np.array([[10.0, 20.0, 30.0]]), np.array([[30.0, 30.0, 10.0]])])
    assert [column.world for column in found.columns] == ["a", "maze"]
    assert [z.tolist() for z in found.scores] == [[[0.0, 1.0, 0.0]], [[0.5, 0.0, 1.0]]]


def test_nothing_counts_as_random_and_is_told():
    short = replace(TIME, world="a", seeds=(1,))
    found = sheet([TIME, short], [np.array([[10.0, np.nan, np.nan], [10.0] * 3]), np.array([[10.0], [np.nan]])])
    assert found.scores[1].tolist() == [[0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    assert found.covered.tolist() == pytest.approx([(1 + 1 / 3) / 2, 0.5])


@pytest.mark.parametrize(
    ("columns", "values", "message"),
    [
        ([], [], "at least one"),
        ([TIME], [], "0 and 1"),
        ([TIME, TIME], [np.zeros((1, 3))] * 2, "more than once"),
        ([TIME], [np.zeros((1, 2))], r"maze/solo/seconds has scores of shape \(1, 2\)"),
        ([replace(TIME, seeds=(1, 1, 2))], [np.zeros((1, 3))], "each of them once"),
        ([replace(TIME, seeds=())], [np.zeros((1, 0))], "has to have seeds"),
        ([replace(TIME, pillar="socail")], [np.zeros((1, 3))], "did you mean 'social'"),
        ([replace(TIME, world="a"), TIME], [np.zeros((1, 3)), np.zeros((2, 3))], "it takes 1 entrants by 3 seeds"),
    ],
)
def test_what_does_not_fit_is_refused(columns, values, message):
    with pytest.raises(UserError, match=message):
        sheet(columns, values)
