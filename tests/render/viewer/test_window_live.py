"""Following a training run: what its folder tells, and how the window goes on from episode to episode."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from avatarium.render.draw import frames
from avatarium.render.draw.theme import DARK, LIGHT
from avatarium.render.viewer import live
from avatarium.render.viewer.run import Run
from avatarium.render.viewer.source import Replay
from avatarium.render.viewer.viewer import Viewer
from avatarium.worlds import UserError
from avatarium.worlds.core.transcript import Transcript

pygame = pytest.importorskip("pygame", reason="pygame is not installed")


def point(iteration: int) -> str:
    """A line of a run's curve."""
    told = {
        "iteration": iteration,
        "decisions": 1000.0 * iteration,
        "lr_scale": 1.0,
        "return": 0.1 * iteration,
        "success": 0.01 * iteration,
    }
    return json.dumps(told) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run that has made two updates."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "history.jsonl").write_text(point(1) + point(2))
    return run


@pytest.fixture
def plays(folder: Path, episode: Path) -> Any:
    """Puts the recorded episode into the run as that of an iteration."""

    def play(iteration: int) -> None:
        (folder / "live").mkdir(exist_ok=True)
        shutil.copy(episode, folder / "live" / f"{iteration:06d}.avt")

    return play


def end(folder: Path) -> None:
    """Let the run have ended a moment after its last update."""
    (folder / "card.md").write_text("# card\n")
    later = time.time() + 5
    os.utime(folder / "card.md", (later, later))


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no training run: name the folder that avatarium train writes to"):
        Run(tmp_path)


def test_a_run_is_told_that_somebody_watches_but_not_all_the_time(folder: Path) -> None:
    run = Run(folder)
    run.ask()
    wanted = folder / "live" / "wanted"
    assert wanted.exists()
    wanted.unlink()
    run.ask()
    assert not wanted.exists()  # it was asked a moment ago


def test_a_run_that_cannot_be_asked_is_named(folder: Path) -> None:
    (folder / "live").write_text("in the way")
    with pytest.raises(UserError, match="cannot be asked for episodes"):
        Run(folder).ask()


def test_the_newest_whole_episode_is_found(folder: Path, plays: Any, episode: Path) -> None:
    run = Run(folder)
    assert run.newest() is None
    plays(3)
    plays(12)
    (folder / "live" / "000015.avt").write_bytes(episode.read_bytes()[:-300])  # being written
    (folder / "live" / "000020.avt").write_bytes(b"AV")
    found = run.newest()
    assert found is not None and found[0] == 12 and found[1].steps == 70
    assert run.newest(after=12) is None


def test_the_curve_is_read_as_it_grows_and_half_a_line_is_left_out(folder: Path) -> None:
    run = Run(folder)
    assert [p["iteration"] for p in run.points()] == [1, 2]
    with (folder / "history.jsonl").open("a") as file:
        file.write(point(3) + point(4)[:20])
    assert run.iteration == 3
    assert live.score_of(run.points()) == "success"


def test_a_run_has_ended_when_its_card_is_newer_than_its_curve(folder: Path) -> None:
    run = Run(folder)
    assert not run.ended
    end(folder)
    assert run.ended
    later = time.time() + 50
    os.utime(folder / "history.jsonl", (later, later))  # resumed
    assert not run.ended


class Watched:
    """A screen that notes what it shows; ``typed`` are keys to press."""

    scale = 1.0

    def __init__(self) -> None:
        self.size, self.shown, self.typed = (640, 400), [], list[str]()

    def events(self) -> list[Any]:
        """The keys that were typed."""
        found, self.typed = self.typed, []
        return found

    def kind(self, event: Any) -> str:
        """They are all key presses."""
        return "keydown"

    def key(self, event: Any) -> str:
        """The name of the key."""
        return str(event)

    def show(self, frame: Any) -> None:
        """Note a frame."""
        self.shown.append(frame)


def following(folder: Path, transcript: Transcript, iteration: int) -> live.Following:
    """A window on a run, showing the episode of an iteration."""
    screen: Any = Watched()
    return live.Following(Viewer(Replay(transcript)), screen, "cpu", Run(folder), iteration)


def test_the_window_goes_on_to_a_newer_episode_at_the_end_of_the_one_shown(
    folder: Path, plays: Any, episode: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.0)
    loop = following(folder, Transcript.open(episode), 3)
    plays(5)
    loop._pass(0.1)
    assert loop.progress.iteration == 3
    assert loop.viewer.message == "there is a newer episode, of iteration 5: J shows it at once"
    loop.viewer.seek(70)
    loop.viewer.playing = False
    loop._pass(0.1)
    assert (loop.progress.iteration, loop.viewer.now < 5, loop.viewer.playing) == (5, True, True)


def test_a_key_shows_the_newest_episode_at_once(folder: Path, plays: Any, episode: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.0)
    loop = following(folder, Transcript.open(episode), 3)
    loop._key("j", False)
    assert loop.viewer.message == "there is no newer episode yet"
    plays(9)
    loop._pass(0.1)
    loop._key("j", False)
    assert loop.progress.iteration == 9
    loop._key("2", False)  # other keys are the viewer's
    assert loop.viewer.camera == "follow"


def test_the_end_of_training_is_told_and_its_last_episode_shown(folder: Path, episode: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.0)
    loop = following(folder, Transcript.open(episode), 3)
    shutil.copy(episode, folder / "replay.avt")
    end(folder)
    loop._pass(0.1)
    assert loop.viewer.message == "training has ended"
    loop._key("j", False)
    assert loop.progress.iteration == 0


def test_waiting_shows_the_curve_until_an_episode_comes(folder: Path, plays: Any) -> None:
    screen: Any = Watched()
    studio = frames.studio("cpu")
    run = Run(folder)
    light = live.waiting(run, live.Progress(run), studio, screen, LIGHT)
    dark = live.waiting(run, live.Progress(run), studio, screen, DARK)
    assert light.shape == dark.shape == (400, 640, 3)
    assert light.mean() > 180 and dark.mean() < 80
    screen.typed = ["escape"]
    assert live.wait(run, screen, studio, LIGHT) is None
    plays(4)
    found = live.wait(run, screen, studio, LIGHT)
    assert found is not None and found[0] == 4


def test_an_ended_run_shows_its_last_episode(folder: Path, episode: Path) -> None:
    shutil.copy(episode, folder / "replay.avt")
    end(folder)
    screen: Any = Watched()
    found = live.wait(Run(folder), screen, frames.studio("cpu"), LIGHT)
    assert found is not None and found[0] == 0
    assert not (folder / "live").exists()  # nobody is asked


def test_the_panel_tells_how_the_training_comes_along(folder: Path, episode: Path) -> None:
    loop = following(folder, Transcript.open(episode), 2)
    studio = frames.studio("cpu")
    with_panel = loop.viewer.frame(studio, 960, 540)
    loop.viewer.side = None
    without = loop.viewer.frame(studio, 960, 540)
    rows, columns = (with_panel != without).any(axis=2).nonzero()
    assert rows.min() > 90 and columns.max() < 290 and len(rows) > 5000
