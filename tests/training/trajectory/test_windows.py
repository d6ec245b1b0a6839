"""Windows, the two protocols, errors, and predictions without learning, by figures that can be counted by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from avatarium.training.trajectory import metrics
from avatarium.training.trajectory.baselines import BASELINES, constant_velocity, line, still
from avatarium.training.trajectory.recording import Recording
from avatarium.training.trajectory.windows import Windows, windows
from avatarium.worlds.core.errors import UserError

Recorded = Callable[..., Recording]


@pytest.fixture
def three(recorded: Recorded) -> Windows:
    """22 steps: one is there all the time, one until step 20, one from step 3 to 12."""
    places = np.zeros((22, 3, 2)) + np.arange(22)[:, None, None]
    places[20:, 1] = np.nan
    places[:3, 2] = places[13:, 2] = np.nan
    return windows([recorded(places)])


def rows(found: Windows, protocol: str) -> list[tuple[int, int]]:
    counts = found.counting(protocol)
    return list(zip(found.person[counts].tolist(), found.step[counts].tolist(), strict=True))


def test_whole_tracks_count_where_there_is_more_than_one(three: Windows) -> None:
    assert rows(three, "full") == [(0, 7), (1, 7)]  # later windows of 20 hold the first person alone


def test_tracks_of_two_future_steps_count_under_the_other_protocol(three: Windows) -> None:
    found = rows(three, "any-length")
    assert [step for person, step in found if person == 0] == list(range(7, 20))
    assert [step for person, step in found if person == 1] == list(range(7, 18))
    assert [step for person, step in found if person == 2] == [10]


def test_what_comes_ends_where_somebody_is_gone_even_if_they_come_back(recorded: Recorded) -> None:
    places = np.zeros((20, 1, 2))
    places[12] = np.nan
    found = windows([recorded(places)])
    assert found.lasting.tolist()[0] == 4
    assert rows(found, "full") == []


def test_everybody_around_is_in_a_moment_whether_or_not_they_count(three: Windows) -> None:
    at = three.step == 10
    assert three.person[at].tolist() == [0, 1, 2]
    assert len(set(three.past.moment[at].tolist())) == 1


def test_windows_know_the_goal_and_the_gaze_of_the_last_step_seen(recorded: Recorded) -> None:
    places, clock = np.zeros((20, 1, 2)), np.arange(40).reshape(20, 1, 2)
    found = windows([recorded(places, goals=clock, facing=clock + 100)]).take(np.array([0]))
    assert found.past.goal.tolist() == [[14, 15]]
    assert found.past.facing.tolist() == [[114, 115]]


def test_recordings_without_a_window_are_refused(recorded: Recorded) -> None:
    with pytest.raises(UserError, match="nobody is there for 8 steps and 2 more"):
        windows([recorded(np.zeros((9, 2, 2)))])


def test_a_stride_leaves_windows_out(three: Windows) -> None:
    assert set(windows(three.recordings, 4).step.tolist()) == {7, 11, 15, 19}


def test_baselines_by_hand() -> None:
    observed = np.stack([np.array([0, 1, 2, 3, 4, 5, 6, 8]), np.zeros(8)], axis=1)[None].astype(np.float32)
    assert still(observed)[0, :, 0].tolist() == [8] * 12
    assert constant_velocity(observed)[0, :, 0].tolist() == [10 + 2 * k for k in range(12)]
    slope, offset = np.polyfit(np.arange(8), observed[0, :, 0], 1)
    assert np.allclose(line(observed)[0, :, 0], offset + slope * np.arange(8, 20), atol=1e-4)
    assert BASELINES["still"].predict(windows_of(observed).past, 3).shape == (3, 1, 12, 2)


def windows_of(observed: np.ndarray) -> Windows:
    places = np.concatenate([observed[0], np.zeros((2, 2))])[:, None]
    unknown = np.full(places.shape, np.nan)
    return windows([Recording("yard", "yard", 0.4, ("a",), places.astype(np.float32), unknown, unknown, np.zeros((0, 4), np.float32))])


def test_errors_by_hand() -> None:
    future = np.zeros((2, 12, 2))
    future[1, 3:] = np.nan
    paths = np.zeros((2, 2, 12, 2))
    paths[0, :, :, 0] = np.arange(1, 13)
    paths[1, :, :, 1] = 2
    assert metrics.ade(paths[:1], future).tolist() == [6.5, 2.0]
    assert metrics.fde(paths[:1], future).tolist() == [12.0, 3.0]
    assert metrics.ade(paths, future).tolist() == [2.0, 2.0]
    assert metrics.fde(paths, future).tolist() == [2.0, 2.0]


def test_paths_collide_that_come_too_near_at_one_time_and_moment() -> None:
    path = np.zeros((5, 12, 2))
    path[0, :, 0] = np.arange(12)
    path[1, :, 0] = np.arange(12)[::-1] + 0.5  # passes the first one, but between steps: never nearer than 0.5
    path[2, :, 1] = 5.0
    path[3, :, 1] = np.linspace(4, 5.3, 12)  # crosses the third one
    path[4] = path[0]  # elsewhere
    moment = np.array([0, 0, 0, 0, 1])
    assert metrics.collides(path, moment).tolist() == [False, False, True, True, False]
    path[3, 6:] = np.nan
    assert metrics.collides(path, moment).tolist() == [False] * 5
