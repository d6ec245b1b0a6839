"""Recordings from CSV, text and transcripts, and what is said of those that cannot be read."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from avatarium.training.trajectory import reading
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript

Frames = Callable[[str, Sequence[tuple[float, int, float, float]]], Path]
Episodes = Callable[[str], list[Path]]


def csv(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "walks.csv"
    path.write_text("\n".join(["user_id,timestamp,x,y", *lines]) + "\n")
    return path


def test_csv_in_seconds_and_in_any_order(tmp_path: Path) -> None:
    found = reading.read(csv(tmp_path, "ada,20,2,0", "ada,0,0,0", "bob,10,5,5", "ada,10,1,0", "bob,20,5,6"))
    assert (found.step_s, found.people) == (10.0, ("ada", "bob"))
    assert found.places[:, 0].tolist() == [[0, 0], [1, 0], [2, 0]]
    assert np.isnan(found.places[0, 1]).all()
    assert found.places[1:, 1].tolist() == [[5, 5], [5, 6]]


def test_csv_with_dates_and_times(tmp_path: Path) -> None:
    found = reading.read(csv(tmp_path, "a,2024-05-01T12:00:00,0,0", "a,2024-05-01T12:00:00.500,1,0", "a,2024-05-01T14:00:01+02:00,2,0"))
    assert found.step_s == 0.5
    assert found.places[:, 0, 0].tolist() == [0, 1, 2]


def test_uneven_times_are_put_on_an_even_clock_and_gaps_are_absences(tmp_path: Path) -> None:
    found = reading.read(csv(tmp_path, *(f"a,{t},{t},0" for t in (0, 1, 2, 3.2, 4, 5, 9, 10))))
    x = found.places[:, 0, 0]
    assert np.allclose(x[:6], range(6))
    assert np.isnan(x[6:9]).all()
    assert x[9:].tolist() == [9, 10]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,0,one,0", "line 3: 'one' is no number"),
        ("a,noon,1,0", "line 3: 'noon' is neither seconds nor"),
        ("a,1", "line 3: 2 fields where"),
        ("a,1,inf,0", "line 3: 'inf' is no number"),
    ],
)
def test_a_bad_line_of_csv_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        reading.read(csv(tmp_path, "a,0,0,0", line))


def test_csv_without_the_header_or_without_a_path(tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("a,0,0,0\n")
    with pytest.raises(UserError, match="line 1: the header has to name user_id,timestamp,x,y"):
        reading.read(path)
    with pytest.raises(UserError, match="nobody in more than one row"):
        reading.read(csv(tmp_path, "a,0,0,0", "b,3,0,0"))
    with pytest.raises(UserError, match="is empty"):
        reading.read(csv(tmp_path))


@pytest.mark.parametrize("step", [6, 10, 12])
def test_frames_are_steps_of_what_most_often_lies_between_them(frames: Frames, step: int) -> None:
    rows = [(step * k, 7, float(k), 1.0) for k in range(9)] + [(step * k, 8, 0.0, float(k)) for k in (2, 3, 12)]
    found = reading.read(frames("crowds_zara02.txt", rows))
    assert (found.step_s, found.scene, found.people) == (0.4, "ZARA2", ("7", "8"))
    assert found.places[:9, 0, 0].tolist() == list(range(9))
    assert np.flatnonzero(~np.isnan(found.places[:, 1, 0])).tolist() == [2, 3, 12]


@pytest.mark.parametrize(
    ("text", "said"), [("0 1 2 3\n10 1 2\n", "line 2: 3 numbers"), ("0 1 2 3\n10 x 2 3\n", "line 2: 'x' is no number")]
)
def test_a_bad_line_of_frames_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        reading.read(path)


def test_rubbish_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "noise.txt"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(UserError, match="is not text"):
        reading.read(path)
    with pytest.raises(UserError, match="cannot read"):
        reading.read(tmp_path / "absent.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="nothing to read"):
        reading.files([tmp_path / "empty"])


def test_a_clock_that_jumps_does_not_fill_the_memory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="split the file, or give longer steps"):
        reading.read(csv(tmp_path, "a,0,0,0", "a,0.1,0,0", "a,0.2,0,0", "a,1e12,0,0"))


def test_resampling_draws_lines_between_steps_and_invents_nobody(frames: Frames) -> None:
    rows = [(k, 1, float(k), 0.0) for k in range(6)] + [(k, 2, 0.0, 0.0) for k in (0, 1, 4, 5)]
    found = reading.read(frames("walk.txt", rows)).resampled(0.2)
    assert np.allclose(found.places[:, 0, 0], np.arange(0, 5.1, 0.5))
    assert np.flatnonzero(np.isnan(found.places[:, 1, 0])).tolist() == [3, 4, 5, 6, 7]
    with pytest.raises(UserError, match="steps of 0 s"):
        found.resampled(0)


def test_files_of_unlike_steps_need_one_for_all(tmp_path: Path, frames: Frames) -> None:
    paths = [csv(tmp_path, "a,0,0,0", "a,10,1,0"), frames("walk.txt", [(0, 1, 0, 0), (1, 1, 1, 0)])]
    with pytest.raises(UserError, match=r"steps of 0\.4 s up to 10 s: give one for all of them by --step"):
        reading.read_all(paths)
    assert {recording.step_s for recording in reading.read_all(paths, 0.4)} == {0.4}


def test_transcripts_of_wayfinding_tell_places_goals_and_walls(episodes: Episodes) -> None:
    path = episodes("wayfinding")[0]
    found, told = reading.read(path), Transcript.open(path)
    avatars = told.frame("avatars")
    assert (found.scene, found.step_s, found.steps) == ("wayfinding", 0.1, 121)
    assert found.people[0] == "walker_0"
    assert found.people[-2:] == ("crowd_0", "crowd_1")
    assert np.array_equal(found.places[..., 0], avatars["x"])
    assert np.array_equal(found.goals[..., 1], avatars["goal_y"])
    assert np.array_equal(found.facing[..., 0], avatars["cos"])
    assert len(found.boxes) == told.state(0).plan.num_boxes[0]
    thinned = found.resampled(0.4)
    assert np.array_equal(thinned.places, found.places[::4])


def test_transcripts_of_gathering_tell_the_centre_of_a_conversation_and_no_other_goal(episodes: Episodes) -> None:
    paths = episodes("gathering")
    told = [Transcript.open(path) for path in paths]
    assert any((t.frame("avatars")["formation"] >= 0).any() for t in told)
    for path, t in zip(paths, told, strict=True):
        found, avatars = reading.read(path), t.frame("avatars")
        talking = (avatars["formation"] >= 0) & (avatars["present"] == 1)
        assert np.array_equal(~np.isnan(found.goals[..., 0]), talking)
        assert np.array_equal(np.isnan(found.places[..., 0]), avatars["present"] == 0)
        for step, a in np.argwhere(talking)[:50]:
            assert found.goals[step, a, 0] == t.frame("formations")[step, avatars["formation"][step, a]]["x"]
