"""What a policy makes of the people around it, from a board to a table."""

from pathlib import Path

import pytest

from avatarium.agents import populations
from avatarium.leaderboards import board, company_effects, judge
from avatarium.leaderboards.judge import Court
from avatarium.leaderboards.metrics import metric
from avatarium.leaderboards.scenarios import scenarios
from avatarium.leaderboards.show import text
from avatarium.leaderboards.store import Store
from avatarium.worlds.cli import main
from avatarium.worlds.core import discovery


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A trained walker among others, and alone with its own, two episodes each."""
    spec = discovery.spec("wayfinding")
    chosen = [s for s in scenarios(spec, "walker") if s.name in ("validation/learned/none/focal-minority", "validation/together/none")]
    where = Court(spec, "walker", chosen, 2)
    with Store(tmp_path_factory.mktemp("board") / "board.sqlite") as store:
        judge.submit(store, Path(populations.find("wayfinding/mlp-3").path), where)
        (row,) = board.board(store, where).ranked
    return row, where


def test_the_others_are_compared_with_themselves_on_the_same_seeds(judged):
    row, where = judged
    (one,) = company_effects.effects(row, where, metric("success"))
    assert one.scenario.mode.name == "focal-minority"
    assert 0.5 < one.found.background.value <= 1.0
    assert one.found.effect.value == pytest.approx(one.found.background.value - one.found.alone.value)


def test_the_table_says_whose_numbers_these_are(judged):
    row, where = judged
    shown = text(company_effects.table("mlp-3", company_effects.effects(row, where, metric("success"))), 160)
    assert "the others among themselves" in shown
    assert "validation/learned/none/focal-minority" in shown


def test_the_flag_asks_for_a_policy(capsys, tmp_path):
    assert main(["leaderboard", "--company", "--board", str(tmp_path / "b.sqlite")]) == 2
    assert "name it with --policy" in capsys.readouterr().err
