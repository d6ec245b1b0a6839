"""Series of games: what is carried over, who won, and that commanders learn from game to game."""

import json
from typing import Any

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.policy import Memory, Turn
from avatarium.agents.populations.domination import bayes, cb_retaliate
from avatarium.agents.populations.domination._tables import assignments, explore
from avatarium.agents.series import Series, play_series
from avatarium.worlds.core.errors import UserError

CONFIG: dict[str, Any] = {"command": "order", "team": 3, "episode_steps": 100}


class Counter:
    """Counts the steps of a game and the games of a series, and gives no orders."""

    name = "counter"

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def initial_state(self, rows: int) -> Memory:
        """Steps of this game, games before it."""
        return np.zeros(rows, np.int64), np.zeros(rows, np.int64)

    def next_game(self, state: Memory) -> Memory:
        """One game more."""
        return np.zeros_like(state[0]), state[1] + 1

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Orders nothing new."""
        self.seen.append((int(state[0][0]), int(state[1][0])))
        return np.zeros((len(turn.envs), 2), np.int32), (state[0] + 1, state[1])


def member(name: str, role: str, **config: Any) -> Any:
    """A policy of the population."""
    return agents.load(f"domination/{name}", "domination", role, **(CONFIG | config))


def test_memory_lasts_as_the_policy_says() -> None:
    counter, one, other = Counter(), Counter(), member("greedy", "blue")
    series = play_series("domination", ("red", counter), ("blue", [one, other, one]), [4, 5], CONFIG)
    assert series.margins.shape == (2, 3)
    assert counter.seen == [(step, game) for game in range(3) for step in range(100)]
    assert one.seen == [(step, game) for game in range(2) for step in range(100)], "who comes back goes on with what it had"


def test_margins_are_scores_and_series_do_not_depend_on_each_other() -> None:
    sides = ("red", member("majority", "red")), ("blue", [member("opportunistic", "blue")] * 2)
    both, alone = play_series("domination", *sides, [1, 2], CONFIG), play_series("domination", *sides, [2], CONFIG)
    assert np.array_equal(both.margins[1:], alone.margins)
    assert np.array_equal(both.winners, np.sign(both.margins))
    back = play_series("domination", ("blue", member("opportunistic", "blue")), ("red", [member("majority", "red")] * 2), [1, 2], CONFIG)
    assert np.array_equal(back.margins, -both.margins)


def test_a_series_needs_the_two_sides_of_a_world() -> None:
    with pytest.raises(UserError, match="between red and blue"):
        play_series("domination", ("red", Counter()), ("walker", [Counter()]), [1])


def test_games_are_counted_by_hand() -> None:
    series = Series(np.array([[-1.0, 2.0, 3.0, 0.0], [-1.0, -1.0, -1.0, -1.0]]))
    assert series.points.tolist() == [[0, 1, 1, 0.5], [0, 0, 0, 0]]
    assert series.win_rate() == 2.5 / 8 and series.win_rate(1, 3) == 0.5 and series.win_rate(-1) == 0.25
    assert series.games_until(window=2) == (3 + 5) / 2 and series.games_until(window=2, first=2) == (2 + 3) / 2


@pytest.mark.parametrize("level", ["soldier", "order", "commander"])
@pytest.mark.parametrize("name", ["rl-dot", "cb-retaliate", "ambusher"])
def test_teams_play_at_every_level_of_command(name: str, level: str) -> None:
    config = {"command": level, "episode_steps": 150, "team": 5}
    sides = [agents.load(f"domination/{name}", "domination", role, **config) for role in ("red", "blue")]
    assert np.isfinite(play_series("domination", ("red", sides[0]), ("blue", [sides[1]]), [1, 2], config).margins).all()


def test_a_tabular_commander_beats_the_majority_team_within_twenty_games() -> None:
    config = {"command": "order", "team": 3}
    red, blue = (
        agents.load(f"domination/{name}", "domination", role, **config) for name, role in (("rl-dot", "red"), ("majority", "blue"))
    )
    series = play_series("domination", ("red", red), ("blue", [blue] * 20), range(12), config)
    assert series.win_rate(-5) > 0.65 and series.margins[:, -5:].mean() > 5


def test_exploring_takes_the_best_but_for_its_share() -> None:
    values, keys = np.tile(np.array([[0.0, 2.0, 1.0]], np.float32), (4000, 1)), np.arange(4000, dtype=np.uint64)
    assert (explore(values, keys, 0.0) == 1).all()
    assert np.bincount(explore(values, keys, 0.3)) / 4000 == pytest.approx([0.1, 0.8, 0.1], abs=0.03)
    assert np.bincount(explore(np.zeros((4000, 3), np.float32), keys, 0.0)) / 4000 == pytest.approx(np.full(3, 1 / 3), abs=0.03)
    assert len({tuple(row) for row in assignments(3).tolist()}) == 27


def test_cases_are_kept_side_by_side_unless_they_are_alike() -> None:
    windows, tables = np.zeros((cb_retaliate.CASES, 6), np.float32), np.zeros((cb_retaliate.CASES, 2, 2), np.float32)
    first, other = np.zeros(6, np.float32), np.full(6, 3.0, np.float32)
    assert cb_retaliate.store(windows, tables, 0, first, np.ones((2, 2))) == (1, 1)
    assert cb_retaliate.store(windows, tables, 1, other, np.full((2, 2), 2.0)) == (2, 2)
    assert cb_retaliate.store(windows, tables, 2, first + 0.1, np.full((2, 2), 3.0)) == (2, 1)
    assert tables[:2, 0, 0].tolist() == [3.0, 2.0]


def test_bayesian_tables_are_probabilities_and_are_learnt_as_they_say() -> None:
    tables = json.loads(bayes.TABLES.read_text())
    following = np.array(tables["following"])
    assert following.shape == (7, 6) and following.sum(axis=1) == pytest.approx(np.ones(7), abs=1e-4) and (following > 0).all()
    assert [np.array(table).shape for table in tables["seen"]] == [(6, values) for values in bayes.SENSES]
    again = bayes.learn(games=24)
    assert np.corrcoef(np.ravel(again["following"]), following.ravel())[0, 1] > 0.9


def test_looking_ahead_beats_those_who_do_not_whatever_they_are_taken_for() -> None:
    config = {"command": "order", "team": 3, "episode_steps": 300}
    red = agents.load("domination/lookahead", "domination", "red", **config)
    for name in ("greedy", "majority"):
        blue = agents.load(f"domination/{name}", "domination", "blue", **config)
        series = play_series("domination", ("red", red), ("blue", [blue]), range(16), config)
        assert series.win_rate() > 0.7 and series.margins.mean() > 5, name
    mirrored = agents.load("domination/lookahead", "domination", "blue", **config)
    other = agents.load("domination/greedy", "domination", "red", **config)
    assert play_series("domination", ("blue", mirrored), ("red", [other]), range(16), config).win_rate() > 0.7
