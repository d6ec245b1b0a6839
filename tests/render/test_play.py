"""A person in a seat."""

import math
from pathlib import Path

import numpy as np
import pytest

from avatarium.render.player import Player, action
from avatarium.worlds import UserError, make_batch
from avatarium.worlds.core.transcript import Transcript, verify


def test_keys_become_actions() -> None:
    walker = make_batch("wayfinding").roles["walker"]
    assert action(walker, frozenset()).tolist() == [0, 0]
    assert action(walker, frozenset({"w", "q"})).tolist() == [1, 1]
    assert action(walker, frozenset({"down", "right"})).tolist() == [2, 2]
    assert action(walker, frozenset({"h"})).tolist() == [0, 0]


def test_keys_become_controls() -> None:
    walker = make_batch("wayfinding", control="continuous").roles["walker"]
    assert action(walker, frozenset({"w", "up", "e"})).tolist() == [1.0, 0.0, -1.0]
    assert action(walker, frozenset({"a", "d"})).tolist() == [0.0, 0.0, 0.0]


def test_the_avatar_goes_where_the_keys_say_and_the_episode_is_recorded(tmp_path: Path) -> None:
    player = Player("wayfinding", "random", 8, tmp_path, avatar=1, config={"walkers": 3, "episode_steps": 50})
    before = player.source.scene(0).figures[1]
    heading = float(before["heading"])
    for _ in range(12):
        assert player.drive(frozenset({"w"}))
    after = player.source.scene(12).figures[1]
    ahead = (after["x"] - before["x"]) * math.cos(heading) + (after["y"] - before["y"]) * math.sin(heading)
    assert ahead > 0.3
    reading = player.source.reading(12, "walker_1")
    assert reading is not None and reading.action == "walk forward"
    player.close()
    told = Transcript.open(player.path)
    assert (told.steps, told.complete) == (12, True)
    assert told.header["extra"] == {"by_hand": "walker_1"}
    assert verify(player.path).ok
    assert np.array_equal([told.actions(t)["walker"][1, 0] for t in range(12)], [1] * 12)


def test_the_episode_ends_by_itself(tmp_path: Path) -> None:
    player = Player("wayfinding", "heuristic", 8, tmp_path, config={"walkers": 2, "episode_steps": 50})
    going = [player.drive(frozenset()) for _ in range(51)]
    player.close()
    assert going == [True] * 49 + [False, False]
    assert player.source.last == player.source.length == 50


def test_seats_that_do_not_exist_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="numbered from 0 to 7"):
        Player("wayfinding", "random", 1, tmp_path, avatar=8)
    with pytest.raises(UserError, match="no role 'pilot'"):
        Player("wayfinding", "random", 1, tmp_path, role="pilot")
    with pytest.raises(UserError, match="no policy 'magic'"):
        Player("wayfinding", "magic", 1, tmp_path)
    assert not list(tmp_path.iterdir())
