"""Games are counted, whatever their order and whoever sits where; what is no game is refused."""

import numpy as np
import pytest

from avatarium.leaderboards.ranking import tally as module
from avatarium.leaderboards.ranking.tally import tally
from avatarium.worlds.core.errors import UserError


def test_head_to_head():
    found = tally(["b", "a", "a", "c"], ["a", "b", "b", "b"], [1.0, 0.0, 0.5, 1.0], ["1", "1", "2", "3"], players=["z"])
    assert found.players == ("a", "b", "c", "z")
    assert found.wins.tolist() == [[0, 0, 0, 0], [2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert found.draws[0, 1] == found.draws[1, 0] == found.draws.sum() / 2 == 1
    assert found.groups == 3


def test_a_match_stays_together(monkeypatch, played):
    monkeypatch.setattr(module, "GROUPS", 7)
    first, second, scores, matches = played(np.zeros(4), 200)
    found = tally(first, second, scores, matches)
    assert found.groups == 7
    sizes = np.bincount(found.group, found.count)
    assert sizes.sum() == 200
    assert set(sizes.tolist()) == {28.0, 30.0}  # 100 matches of two games: 14 or 15 in a group


@pytest.mark.parametrize(
    ("games", "message"),
    [
        ((["a"], ["a"], [1.0], ["m"]), "a played against itself in match m"),
        ((["a"], ["b"], [0.7], ["m"]), "a against b gave 0.7"),
        ((["a"], ["b"], [float("nan")], ["m"]), "gave nan"),
        ((["a"], ["b", "c"], [1.0], ["m"]), "1, 2, 1, 1"),
    ],
)
def test_what_is_no_game_is_refused(games, message):
    with pytest.raises(UserError, match=message):
        tally(*games)


def test_without_games():
    found = tally([], [], [], [], ["a", "b"])
    assert (found.groups, found.wins.sum(), found.draws.sum()) == (0, 0, 0)
