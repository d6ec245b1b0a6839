"""Team spirit keeps what a team earns and shares it; a discount looks as far ahead as it should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium.training.league.horizon import discount, horizon
from avatarium.training.league.spirit import Spirit, share
from avatarium.worlds.core.errors import UserError

REWARDS = np.array([[1.0, 3.0, 0.0, 4.0, 8.0], [2.0, 0.0, 1.0, -1.0, 5.0]], np.float32)


def blended(tau: float, zero_sum: bool, present: np.ndarray | None = None) -> np.ndarray:
    """Two teams of three and two within one array."""
    rewards, here = REWARDS.copy(), np.ones(REWARDS.shape, bool) if present is None else present
    share((rewards[:, :3], rewards[:, 3:]), (here[:, :3], here[:, 3:]), tau, zero_sum)
    return rewards


def test_rewards_move_to_the_mean_of_the_team() -> None:
    np.testing.assert_array_equal(blended(0.0, False), REWARDS)
    np.testing.assert_allclose(blended(0.5, False)[0], [7 / 6, 13 / 6, 2 / 3, 5, 7], rtol=1e-6)
    np.testing.assert_allclose(blended(1.0, False)[1], [1, 1, 1, 2, 2], rtol=1e-6)


@given(st.floats(0, 1))
def test_zero_sum_means_cancel_for_any_spirit(tau: float) -> None:
    rewards = blended(tau, True)
    np.testing.assert_allclose(rewards[:, :3].mean(axis=1) + rewards[:, 3:].mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(rewards[:, :3].mean(axis=1), REWARDS[:, :3].mean(axis=1) - REWARDS[:, 3:].mean(axis=1), atol=1e-5)


def test_who_is_not_there_neither_gives_nor_gets() -> None:
    present = np.ones(REWARDS.shape, bool)
    present[0, 1] = False
    present[1, 3:] = False
    rewards = blended(1.0, True, present)
    np.testing.assert_allclose(rewards[0], [0.5 - 6, 3, 0.5 - 6, 6 - 0.5, 6 - 0.5])
    np.testing.assert_allclose(rewards[1], [1, 1, 1, -1, 5])


def test_spirit_rises_linearly_and_stays() -> None:
    spirit = Spirit(0.3, 1.0, until=0.5)
    assert [spirit.at(done) for done in (0.0, 0.25, 0.5, 1.0)] == pytest.approx([0.3, 0.65, 1.0, 1.0])


def test_discounts_of_openai_five() -> None:
    assert discount(180, 4 / 30) == pytest.approx(0.99926, abs=5e-6)
    assert discount(360, 4 / 30) == pytest.approx(0.99963, abs=5e-6)
    assert horizon(discount(360, 0.1), 0.1) == pytest.approx(360)
    assert discount(360, 0.1) ** 3600 == pytest.approx(np.exp(-1), rel=1e-3)
    with pytest.raises(UserError, match="longer"):
        discount(0.05, 0.1)
