"""What failed episodes are worth: never more than the worst, and never less weight than an honest one."""

import numpy as np
import pytest

from avatarium.leaderboards import metrics
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.scoring import scores, sums

SUCCESS, COLLISIONS, RETURN = (metrics.metric(name) for name in ("success", "collisions", "episode_return"))


def episode(seed, success=(5.0, 10.0), collisions=(1.0, 4.0), episode_return=(3.0, 1.0), fault=None):
    shares = {"success": success, "collisions": collisions, "episode_return": episode_return}
    return Episode(seed, 60, {} if fault else shares, None, "", fault)


def test_to_fail_is_worth_the_floor_at_full_weight():
    honest = [episode(0, success=(9, 10)), episode(1, success=(1, 20))]
    failing = [episode(0, success=(9, 10)), episode(1, fault="it crashed")]
    found = scores({"honest": honest, "failing": failing}, [0, 0], [SUCCESS, COLLISIONS])
    assert found["honest"]["success"].value == pytest.approx(10 / 30)
    assert found["failing"]["success"].value == pytest.approx(9 / 30)
    assert found["failing"]["collisions"].value == pytest.approx((1 + 4 * 60) / 8)


def test_without_a_floor_it_is_the_worst_that_anybody_made_of_the_scenario():
    one = [episode(0, episode_return=(4, 1)), episode(1, episode_return=(-8, 1)), episode(2, fault="x")]
    two = [episode(0, episode_return=(6, 1)), episode(1, episode_return=(5, 1)), episode(2, episode_return=(5, 1))]
    above, below = sums(RETURN, [one, two], np.array([0, 1, 0]))
    assert (above[0, 2], below[0, 2]) == (4, 1)


def test_a_scenario_in_which_all_fail_has_the_floor():
    found = scores({"a": [episode(0, fault="x")], "b": [episode(0, fault="y")]}, [0], [SUCCESS, RETURN])
    assert found["a"]["success"].value == 0.0
    assert found["a"]["success"].worst_rank == 1


def test_places_follow_the_direction_of_the_metric():
    rows = {
        name: [episode(seed, success=(share, 10), collisions=(share, 4)) for seed in range(12)] for name, share in (("good", 9), ("bad", 2))
    }
    found = scores(rows, [0] * 12, [SUCCESS, COLLISIONS])
    assert (found["good"]["success"].best_rank, found["bad"]["success"].best_rank) == (1, 2)
    assert (found["good"]["collisions"].best_rank, found["bad"]["collisions"].best_rank) == (2, 1)
