"""``avatarium robustness``: curves of policies that are at hand."""

import argparse
import json

import pytest

from avatarium.leaderboards.robustness_command import Robustness
from avatarium.worlds.core.errors import UserError


def run(capsys, *words):
    parser = argparse.ArgumentParser()
    command = Robustness()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(list(words))) == 0
    return capsys.readouterr().out


def test_a_row_per_policy_and_a_point_per_level(capsys, tmp_path):
    """Random play does not care how late it knows of others, and the same seeds give the same numbers."""
    path = tmp_path / "points.json"
    told = run(capsys, "wayfinding", "random", "heuristic", "--episodes", "2", "--metric", "collisions", "--markdown", "--json", str(path))
    head, _, *rows = told.strip().splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["policy", "0", "2", "5", "10", "0 less 10"]
    assert [row.split("|")[1].strip() for row in rows] == ["random", "heuristic"]
    points = json.loads(path.read_text())
    assert len({point["score"]["value"] for point in points["random"]}) == 1
    assert len({point["score"]["value"] for point in points["heuristic"]}) > 1
    assert [point["level"] for point in points["heuristic"]] == [0, 2, 5, 10]


def test_policies_of_a_population_play_with_the_settings_they_need(capsys):
    assert "blue-lstm-1" in run(capsys, "domination", "domination/blue-lstm-1", "--episodes", "1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["wayfinding", "random", "--setting", "sync.aosy"], r"no scenario of wayfinding makes 'sync.aosy' worse.*sync.aosi"),
        (["metasync"], r"no scenario of metasync makes 'sync.aosi' worse|no trained policy lives in metasync"),
        (["concierge", "random", "--role", "hots"], r"concierge has no role 'hots'.*host"),
        (["wayfinding", "random", "--episodes", "0"], r"episodes"),
    ],
)
def test_what_cannot_be_asked_is_said(capsys, words, sentence):
    with pytest.raises(UserError, match=sentence):
        run(capsys, *words)
