"""One policy's tables: cells by place, people and custom, what is lost where nobody trained, and curves of sensors that fail."""

import json

import numpy as np
import pytest

from avatarium.leaderboards.database.models import PUBLIC, Episode
from avatarium.leaderboards.standings import policy


@pytest.fixture
def fill(board, made):
    """A function that stores episodes of a scenario in which so many of 10 journeys succeed, seed by seed."""
    board.add("ada", played=False)

    def store(scenario, successes, **about):
        seeds = board.part.seeds(scenario, PUBLIC)
        made_up = {"submission": made.key("ada"), "scenario": scenario.key(board.part.spec), "scenario_name": scenario.name, "partner": ""}
        kept = {"steps": 9, "digest": "", "artefact": "", "background": {}, "layers": {}, "created": 0.0, "fault": None}
        rows = [
            Episode(**(made_up | kept | {"seed": seed, "shares": {"success": [float(found), 10.0]}} | about))
            for seed, found in zip(seeds, successes, strict=False)
        ]
        with board.database.session() as session:
            session.add_all(rows)

    store.scenarios = {scenario.name: scenario for scenario in board.part.scenarios}
    return store


def told(of, board, made):
    return json.loads(json.dumps(of(board.database, made.key("ada"), "test", PUBLIC), allow_nan=False))


def test_cells_and_what_is_lost_where_nobody_trained(board, made, fill):
    fill(fill.scenarios["validation/crowd/none"], [8, 6, 8, 6])
    fill(fill.scenarios["held-out/crowd/none"], [4, 2, 4, 2])
    found = told(policy.generalisation, board, made)
    assert found["axes"] == ["places", "people", "customs"]
    assert [metric["name"] for metric in found["metrics"]] == ["success", "spl", "untouched_journeys"]
    cells = {(cell["places"], cell["metric"]): cell for cell in found["cells"]}
    assert len(cells) == len(found["cells"]) == 6
    here, there = cells["validation", "success"], cells["held-out", "success"]
    assert (here["value"], there["value"], here["held_out"], there["held_out"]) == (0.7, 0.3, [], ["places"])
    assert (here["people"], here["customs"], here["mode"], here["episodes"]) == ("crowd", "none", "self-play", 4)
    assert here["low"] < 0.7 < here["high"]
    assert cells["validation", "spl"]["value"] is None
    (margin,) = [one for one in found["margins"] if one["metric"] == "success"]
    assert (margin["axis"], margin["pairs"], margin["seen"]["value"], margin["held_out"]["value"]) == ("places", 1, 0.7, 0.3)
    assert margin["gap"] == pytest.approx({"value": 0.4, "low": 0.4, "high": 0.4})  # seed by seed the same is lost


def test_episodes_with_a_partner_or_of_other_seeds_are_passed_over(board, made, fill):
    fill(fill.scenarios["validation/crowd/none"], [8, 6, 8, 6])
    plain = told(policy.generalisation, board, made)
    fill(fill.scenarios["validation/crowd/none"], [0], partner=made.key("eve"))
    fill(fill.scenarios["validation/crowd/none"], [0], seed=7)
    assert told(policy.generalisation, board, made) == plain


def test_a_fault_counts_as_the_least(board, made, fill):
    fill(fill.scenarios["validation/crowd/none"], [8, 8])
    before = told(policy.generalisation, board, made)["cells"][0]["value"]
    fill(fill.scenarios["validation/crowd/none"], [10], seed=board.part.seeds(board.part.alone[1], PUBLIC)[2], fault="late")
    after = told(policy.generalisation, board, made)["cells"][0]["value"]
    assert (before, after < 0.8) == (0.8, True)


def test_curves_begin_with_the_sensor_as_it_should_be(board, made, fill):
    fill(fill.scenarios["held-out/crowd/none"], [8, 8, 8, 8])
    for level, successes in ((0.05, 7), (0.1, 5), (0.2, 1)):
        fill(fill.scenarios[f"held-out/crowd/none/rays.noise={level}"], [successes])
    fill(fill.scenarios["held-out/crowd/none/people.mute=1"], [8])
    mute, noise = told(policy.curves, board, made)
    assert (noise["sensor"], noise["fault"], noise["metric"]) == ("rays", "noise", "success")
    assert [(point["level"], point["value"]) for point in noise["points"]] == [(0.0, 0.8), (0.05, 0.7), (0.1, 0.5), (0.2, 0.1)]
    assert [point["loss"]["value"] for point in noise["points"]] == pytest.approx([0.0, 0.1, 0.3, 0.7])
    assert (mute["sensor"], mute["fault"], len(mute["points"])) == ("people", "mute", 2)
    cells = told(policy.generalisation, board, made)["cells"]
    assert [(cell["places"], cell["value"]) for cell in cells if cell["metric"] == "success"] == [("held-out", 0.8)]


@pytest.mark.parametrize("scenario", ["held-out/crowd/none", "held-out/crowd/none/rays.noise=0.1"])
def test_without_both_ends_there_are_no_curves(board, made, fill, scenario):
    fill(fill.scenarios[scenario], np.arange(4))
    assert told(policy.curves, board, made) == []


def test_who_has_played_nothing_has_empty_tables(board, made, fill):
    assert told(policy.curves, board, made) == []
    assert told(policy.generalisation, board, made)["cells"] == []
