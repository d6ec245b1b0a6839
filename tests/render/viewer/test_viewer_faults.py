"""What goes wrong while drawing, and what files hold that cannot be shown."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.render.draw import context, frames
from avatarium.render.draw.cpu import Cpu
from avatarium.render.draw.picture import Quality, View
from avatarium.render.draw.sheet import Sheet
from avatarium.render.viewer.viewer import Viewer
from avatarium.worlds import UserError
from avatarium.worlds.cli import main
from avatarium.worlds.core import blocks


class Lost:
    """A canvas that fails so many times before it draws, as OpenGL does when its context is gone."""

    name = "gl"

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def draw(self, views: Sequence[View], width: int, height: int, quality: Quality, sheet: Sheet | None = None) -> np.ndarray:
        """A grey picture, or the failure."""
        if self.failures:
            self.failures -= 1
            raise RuntimeError("context lost")
        return np.full((height, width, 3), 99, np.uint8)


def drawn(studio: frames.Studio, viewer: Viewer) -> tuple[np.ndarray, list[str]]:
    """A frame and what was said meanwhile."""
    said: list[str] = []
    return frames.steadily(studio, lambda: viewer.frame(studio, 320, 200), said.append), said


def test_without_another_context_the_cpu_goes_on(stills: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "renew", lambda: None)
    studio = frames.Studio(Lost(1))
    picture, said = drawn(studio, Viewer(stills))
    assert said == ["OpenGL has failed (context lost); the CPU draws from here on"]
    assert studio.canvas.name == "cpu"
    assert picture.std() > 15


def test_a_new_context_is_made_in_place_of_a_lost_one(stills: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "renew", lambda: object())
    monkeypatch.setattr(frames, "_on", lambda gl: Lost(0))
    studio = frames.Studio(Lost(1))
    picture, said = drawn(studio, Viewer(stills))
    assert said == ["the OpenGL context was lost; there is a new one now"]
    assert (picture == 99).all()


def test_a_context_that_is_lost_again_and_again_is_given_up(stills: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "renew", lambda: object())
    monkeypatch.setattr(frames, "_on", lambda gl: Lost(1))
    studio = frames.Studio(Lost(1))
    _, said = drawn(studio, Viewer(stills))
    assert len(said) == 4 and "the CPU draws from here on" in said[-1]


@pytest.mark.gl
def test_a_real_context_can_be_renewed(stills: Any, opengl: None) -> None:
    studio, viewer = frames.studio("gl"), Viewer(stills)
    before = viewer.frame(studio, 320, 200)
    assert studio.recover(RuntimeError("gone")) == "the OpenGL context was lost; there is a new one now"
    assert np.array_equal(before, viewer.frame(studio, 320, 200))
    assert frames.studio("gl") is studio


def test_what_the_cpu_cannot_draw_is_one_sentence(stills: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = frames.Studio(Cpu())
    monkeypatch.setattr(studio.canvas, "draw", Lost(9).draw)
    with pytest.raises(UserError, match="this cannot be drawn \\(context lost\\)"):
        drawn(studio, Viewer(stills))


def altered(episode: Path, path: Path, **changes: object) -> Path:
    """A copy of a transcript whose header says something else."""
    with path.open("wb") as file:
        file.write(blocks.MAGIC)
        for tag, content in blocks.read(episode):
            head = json.dumps(json.loads(content) | changes).encode() if tag == blocks.HEAD else content
            blocks.write(file, tag, head)
    return path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["FOREIGN"], "is not a transcript"),
        (["FUTURE"], "has schema 99"),
        (["OTHER"], "was recorded with version 77"),
        (["HEADLESS"], "is damaged: its beginning cannot be read"),
        (["FOLDER"], "is a folder: name a transcript"),
        (["EPISODE"] * 5, "5 episodes cannot be shown side by side"),
        ([], "name either transcripts"),
        (["EPISODE", "--live", "FOLDER"], "name either transcripts"),
        (["--live", "FOLDER"], "is no training run"),
        (["EPISODE", "--theme", "drak"], "did you mean 'dark'"),
        (["EPISODE", "--scale", "9"], "'9' is no scale from 0.5 to 4"),
        (["EPISODE"], "without a display: set DISPLAY"),
    ],
)
def test_what_cannot_be_watched_gets_one_sentence(
    episode: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "foreign.avt").write_bytes(b"PK\x03\x04 something else")
    (tmp_path / "headless.avt").write_bytes(episode.read_bytes()[:40])
    places = {
        "EPISODE": episode,
        "FOREIGN": tmp_path / "foreign.avt",
        "HEADLESS": tmp_path / "headless.avt",
        "FUTURE": altered(episode, tmp_path / "future.avt", schema=99),
        "OTHER": altered(episode, tmp_path / "other.avt", version=77),
        "FOLDER": tmp_path,
    }
    assert main(["watch", *(str(places.get(word, word)) for word in words), "--backend", "cpu"]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
