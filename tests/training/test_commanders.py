"""The study of commanders: tables and curves of a few short series."""

from pathlib import Path

import numpy as np
import pytest

from avatarium.agents.series import Series
from avatarium.training.studies import commanders


def test_series_of_commanders_are_told_in_tables_and_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--games", "4", "--series", "2", "--commanders", "rl-dot", "--opponents", "majority", "--out", str(tmp_path / "new")]
    assert commanders.main(words) == 0
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert next(row[:2] for row in rows if row[0] == "rl-dot") == ["rl-dot", "majority"]
    assert [len(row) for row in rows] == [6, 6, 6, 4, 4, 4] and (tmp_path / "new/commanders.png").stat().st_size > 10_000


def test_tables_tell_what_was_won_when() -> None:
    margins = np.array([[-1.0, -1, -1, -1, 1, 1, 1, 1]] * 3)
    (told,) = commanders.table([commanders.Told("rl-dot", "greedy", Series(margins))]).splitlines()[2:]
    assert told == "| rl-dot | greedy | 0 [0, 0] | 1 [1, 1] | +1.0 | 7.0 |"
    margins = np.array([[1.0, 1, -1, -1, -1, -1, 1, 1, 1]] * 2)
    (told,) = commanders.switch_table([commanders.Told("rl-dot", "", Series(margins))]).splitlines()[2:]
    assert told == "| rl-dot | 0.667 [0.667, 0.667], 3.0 | 0 [0, 0], 4.0 | 1 [1, 1], 3.0 |"
