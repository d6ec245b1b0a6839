"""Sources: a recorded episode tells the same as the one that was lived."""

from pathlib import Path

import numpy as np
import pytest

from avatarium.render.viewer.diary import spoken
from avatarium.render.viewer.source import Live, Replay
from avatarium.worlds import make_batch
from avatarium.worlds.core import rays
from avatarium.worlds.core.transcript import Transcript


@pytest.fixture
def replay(episode: Path) -> Replay:
    """The recorded episode."""
    return Replay(Transcript.open(episode))


def test_a_replay_names_its_world_and_its_minds(replay: Replay) -> None:
    assert (replay.title, replay.subtitle) == ("Wayfinding · seed 3", "walker: heuristic")
    assert replay.agents == ("walker_0", "walker_1", "walker_2")
    assert "arrival" in replay.kinds
    assert replay.last == replay.length == 70


def test_reward_so_far_is_the_sum_of_what_was_recorded(replay: Replay, episode: Path) -> None:
    rewards = Transcript.open(episode).rewards["walker"]
    for t in (0, 1, 35, 70):
        reading = replay.reading(t, "walker_1")
        assert reading is not None
        assert len(reading.course) == t + 1
        assert reading.course[-1] == pytest.approx(rewards[:t, 1].sum(), abs=1e-4)
        assert sum(reading.terms.values()) == pytest.approx(reading.course[-1], abs=1e-4)


def test_sight_ends_at_the_things_in_the_scene(replay: Replay) -> None:
    reading, scene = replay.reading(30, "walker_0"), replay.scene(30)
    assert reading is not None
    me = scene.figures[0]
    sight = reading.sight(float(me["heading"]))
    assert sight is not None
    ends = np.stack([me["x"] + np.cos(sight.angles) * sight.reach_m, me["y"] + np.sin(sight.angles) * sight.reach_m], axis=1)
    checked = 0
    for end, kind in zip(ends, sight.met, strict=True):
        if kind == "wall":
            x0, y0, x1, y1 = scene.boxes[:, :4].T
            away = np.hypot(np.maximum(np.maximum(x0 - end[0], end[0] - x1), 0), np.maximum(np.maximum(y0 - end[1], end[1] - y1), 0))
            assert away.min() < 0.05
            checked += 1
    assert checked > rays.RAYS / 2


def test_strangers_have_no_reading(replay: Replay) -> None:
    assert replay.reading(5, "crowd_0") is None
    assert replay.reading(5, "walker_9") is None


def test_actions_are_put_into_words() -> None:
    discrete = make_batch("wayfinding").roles["walker"]
    continuous = make_batch("wayfinding", control="continuous").roles["walker"]
    assert spoken(discrete, np.array([1, 2])) == "walk forward, turn right"
    assert spoken(discrete, np.array([0, 0])) == "stand"
    assert spoken(continuous, np.array([0.5, 0.0, -1.0])) == "forward +0.5, left +0.0, turn -1.0"


def test_pictures_that_avatars_are_given_are_kept_in_bytes_and_apart() -> None:
    batch = make_batch("wayfinding", autoreset=False, walkers=2, pixels={"width": 24, "height": 16})
    batch.reset([1])
    lived = Live(batch, "", "")
    actions = {"walker": np.ones((1, 2, 2), np.int32)}
    batch.step(actions)
    lived.after(actions)
    reading = lived.reading(1, "walker_1")
    assert reading is not None and reading.picture is not None
    assert reading.picture.shape == (16, 24, 3) and reading.picture.dtype == np.uint8
    given = batch.observations["walker"][0, 1, -3 * 16 * 24 :].reshape(3, 16, 24)
    assert np.abs(reading.picture.transpose(2, 0, 1) / 255 - given).max() < 0.003
    assert sum(len(value) for value in reading.features.values()) == batch.observations["walker"].shape[2] - 3 * 16 * 24


def test_readouts_are_those_of_the_agent_up_to_now(episode: Path) -> None:
    transcript = Transcript.open(episode)
    told = {"walker": {"value": np.arange(210, dtype=np.float32).reshape(70, 3), "logits": np.zeros((70, 3, 2), np.float32)}}
    transcript.readouts = told  # type: ignore[assignment]
    reading = Replay(transcript).reading(4, "walker_2")
    assert reading is not None
    assert {name: rows.tolist() for name, rows in reading.readouts.items()} == {"value": [2.0, 5.0, 8.0, 11.0, 14.0]}
