"""Episodes are decided by the sides' mean returns and counted from the current policy's side."""

import numpy as np
import pytest

from avatarium.training.league.matchmaking import MAIN, Pairings
from avatarium.training.league.outcome import DRAW, ITSELF, LOSS, WIN, Results, decide


def test_the_larger_mean_wins() -> None:
    first = np.array([[1.0, 3.0], [0.0, 0.0], [0.1, 0.2], [5.0, -5.0]], np.float32)
    second = np.array([[1.9], [0.5], [0.15], [-0.1]], np.float32)
    np.testing.assert_array_equal(decide(first, second), np.array([1, -1, 0, 1], np.int8))
    np.testing.assert_array_equal(decide(first, second, margin=0.2), np.array([0, -1, 0, 0], np.int8))
    assert decide(first, second).dtype == np.int8


def test_outcomes_count_for_the_side_that_the_policy_took() -> None:
    pairings = Pairings(np.array([0, 0, 0, 1, MAIN, MAIN], np.int32), np.array([0, 1, 1, 1, 0, 1], np.int8))
    found = Results.of(("a", "b"), pairings, np.array([1, 1, -1, 0, 1, -1], np.int8))
    expected = np.zeros((3, 2, 3), np.int64)
    expected[0, 0, WIN] = 1
    expected[0, 1, LOSS] = 1
    expected[0, 1, WIN] = 1
    expected[1, 1, DRAW] = 1
    expected[2, 0, WIN] = 1  # against itself the first side counts, whichever it was given
    expected[2, 0, LOSS] = 1
    assert found.opponents == ("a", "b", ITSELF)
    np.testing.assert_array_equal(found.counts, expected)
    assert found.score() == pytest.approx({"a": 2 / 3, "b": 0.5, ITSELF: 0.5})


def test_counts_of_several_runners_add_up_by_name() -> None:
    ones = np.ones((2, 2, 3), np.int64)
    total = Results.merged([Results(("a", "b"), ones), Results(("b", "c"), 2 * ones)])
    assert total.opponents == ("a", "b", "c")
    np.testing.assert_array_equal(total.counts[:, 0, 0], [1, 3, 2])
    assert Results.merged([]).score() == {}
