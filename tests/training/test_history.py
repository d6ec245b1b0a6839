"""The curve survives being cut off, and its picture shows it."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from avatarium.training.run import curve, history
from avatarium.training.run.history import History, Point
from avatarium.worlds import UserError


def point(iteration: int) -> Point:
    gained = 1 - np.exp(-iteration / 20)
    return {"iteration": iteration, "decisions": 1000.0 * iteration, "seconds": 2.0 * iteration, "return": 10 * gained, "success": gained}


def test_a_resumed_history_drops_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    first = History(tmp_path, 0)
    for k in range(1, 6):
        first.append(point(k))
    first.close()
    with (tmp_path / history.FILE).open("a") as file:
        file.write('{"iteration": 6, "decis')  # killed while writing
    second = History(tmp_path, 3)
    second.append(point(4) | {"return": -1.0})
    second.close()
    assert [p["iteration"] for p in history.read(tmp_path)] == [1, 2, 3, 4]
    assert history.read(tmp_path)[-1]["return"] == -1.0


def test_tensorboard_shows_points_by_decisions(tmp_path: Path) -> None:
    kept = History(tmp_path, 0)
    for k in range(1, 4):
        kept.append(point(k))
    kept.close()
    board = EventAccumulator(str(tmp_path / history.BOARD))
    board.Reload()
    assert set(board.Tags()["scalars"]) == {"return", "success"}
    assert [s.step for s in board.Scalars("success")] == [1000, 2000, 3000]
    assert [s.value for s in board.Scalars("success")] == pytest.approx([point(k)["success"] for k in range(1, 4)])


def test_tensorboard_forgets_what_a_resumed_run_does_again(tmp_path: Path) -> None:
    for before, points in ((0, (1, 2, 3, 4)), (2, (3, 4, 5))):
        kept = History(tmp_path, before)
        for k in points:
            kept.append(point(k))
        kept.close()
    board = EventAccumulator(str(tmp_path / history.BOARD))
    board.Reload()
    assert [s.step for s in board.Scalars("success")] == [1000, 2000, 3000, 4000, 5000]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Within, files do not grow beyond so many bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_curve_that_cannot_be_written_is_one_sentence_and_stays_as_it_was(tmp_path: Path) -> None:
    complaint = r"cannot be written \(File too large\): make room, .* avatarium train --resume"
    kept = History(tmp_path, 0)
    for k in (1, 2, 3):
        kept.append(point(k))
    with files_of_at_most((tmp_path / history.FILE).stat().st_size + 20):
        with pytest.raises(UserError, match=complaint):
            kept.append(point(4))
        kept.close()
    with files_of_at_most(20), pytest.raises(UserError, match=complaint):
        History(tmp_path, 2)
    assert [p["iteration"] for p in history.read(tmp_path)] == [1, 2, 3]
    again = History(tmp_path, 2)
    again.append(point(3))
    again.close()
    assert [p["iteration"] for p in history.read(tmp_path)] == [1, 2, 3]


def test_the_picture_has_a_panel_for_return_and_one_for_gauges(tmp_path: Path) -> None:
    points = [point(k) for k in range(1, 60)]
    both = imread(curve.draw(points, "a run", ("success",), tmp_path / "both.png"))
    alone = imread(curve.draw(points, "a run", (), tmp_path / "alone.png"))
    assert both.shape[0] > alone.shape[0]
    for picture in (both, alone):
        assert (picture[..., :3].min(axis=-1) < 0.8).mean() > 0.01  # something is drawn
    curve.draw([], "a run without a single update", ("success",), tmp_path / "none.png")


def test_smoothing_averages_over_the_past() -> None:
    np.testing.assert_allclose(curve.smooth(np.array([1.0, 2.0, 3.0, 4.0]), 2), [1.0, 1.5, 2.5, 3.5])
