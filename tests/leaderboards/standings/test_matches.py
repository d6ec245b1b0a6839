"""Head to head: the best first, everybody rated, and matrices of the first few alone."""

import json

import pytest

from avatarium.leaderboards.standings import matches
from avatarium.leaderboards.standings.matches import lines, table

NAMES = {"a": "Ada", "b": "Bob", "c": "Kim"}


def games():
    """Everybody meets everybody in both orders on ten seeds; a mostly loses, and c mostly wins."""
    pairs = [(one, two) for one in NAMES for two in NAMES if one != two]
    return [("s", seed, one, two, 0.5 if seed == 0 else float((one > two) == (seed > 2))) for seed in range(10) for one, two in pairs]


def test_the_best_come_first_and_are_counted():
    found = table(NAMES, games())
    assert [player["name"] for player in found["players"]] == ["Kim", "Bob", "Ada"]
    values = [rating["value"] for rating in found["elo"]]
    assert values == sorted(values, reverse=True)
    assert (found["games"], found["shown"]) == ([40, 40, 40], 3)
    assert found["wins"] == [[0, 14, 14], [4, 0, 14], [4, 4, 0]]
    assert found["ties"] == [[0, 2, 2], [2, 0, 2], [2, 2, 0]]
    assert found["p_beat"][0][0] is None
    assert found["p_beat"][0][2] > found["p_beat"][0][1] > 0.5 > found["p_beat"][2][1] > found["p_beat"][2][0]
    json.dumps(found, allow_nan=False)


def test_matrices_are_of_the_best_alone_and_ratings_of_all(monkeypatch):
    whole = table(NAMES, games())
    monkeypatch.setattr(matches, "SHOWN", 2)
    found = table(NAMES, games())
    assert found["shown"] == len(found["wins"]) == len(found["ties"][0]) == 2
    assert found["p_beat"] == [row[:2] for row in whole["p_beat"][:2]]
    assert [found[name] for name in ("players", "elo", "games")] == [whole[name] for name in ("players", "elo", "games")]


def test_order_does_not_matter_and_strangers_are_passed_over():
    found = table(NAMES, games())
    assert json.dumps(table(dict(reversed(NAMES.items())), games()[::-1])) == json.dumps(found)
    assert json.dumps(table(NAMES, [("s", 1, "a", "z", 1.0), *games(), ("s", 1, "z", "y", 0.0)])) == json.dumps(found)


def test_equals_are_zero_without_a_sign_and_come_by_key():
    found = table(NAMES, [("s", 0, one, two, 0.5) for one in NAMES for two in NAMES if one < two])
    assert [player["key"] for player in found["players"]] == ["a", "b", "c"]
    assert json.dumps([rating["value"] for rating in found["elo"]]) == "[0.0, 0.0, 0.0]"


def test_a_game_and_the_return_game_are_resampled_together(monkeypatch):
    seen, tally = [], matches.tally
    monkeypatch.setattr(matches, "tally", lambda *told: seen.extend(told[3]) or tally(*told))
    table(NAMES, games())
    assert len(seen) == 60
    assert len(set(seen)) == 30  # ten seeds, three pairs


@pytest.mark.parametrize("some", [[], [("s", 0, "a", "z", 1.0)]])
def test_where_nobody_met_there_is_nothing(some):
    assert table(NAMES, some) is None


def test_lines_tell_games_apart():
    one = ("s", 1, "a", "b", 1.0)
    others = [("t", 1, "a", "b", 1.0), ("s", 2, "a", "b", 1.0), ("s", 1, "b", "a", 1.0), ("s", 1, "a", "b", 0.5)]
    assert len({lines([game]) for game in (one, *others)}) == 5
    assert lines([one, *others]) == b"".join(lines([game]) for game in (one, *others))
