"""Somebody at a real keyboard and mouse goes through everything that the window can do, and it looks as it should."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.render.draw import frames
from avatarium.render.draw.picture import Quality
from avatarium.render.viewer.pace import LEVELS
from avatarium.render.viewer.screen import Screen
from avatarium.render.viewer.viewer import Viewer
from avatarium.render.viewer.window import Loop

pygame = pytest.importorskip("pygame", reason="pygame is not installed")
Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
PICTURES = Path(__file__).parent / "pictures"
SIZE = (800, 500)


class Hands:
    """A window in this process and what is done at it by ``xdotool``."""

    def __init__(self, loop: Loop, person: Callable[..., str]) -> None:
        self.loop, self.viewer, self._person = loop, loop.viewer, person
        self._window = str(pygame.display.get_wm_info()["window"])
        person("windowfocus", "--sync", self._window)
        self.until(lambda: True)

    def until(self, holds: Callable[[], Any]) -> None:
        """Let the window go on until something holds; fails when it does not within some hundred frames."""
        for _ in range(400):
            self.loop.turn()
            if holds():
                return
        raise AssertionError("it did not come to pass")

    def key(self, name: str, holds: Callable[[], Any]) -> None:
        """Press a key, and see that something comes of it."""
        self._person("key", "--window", self._window, name)
        self.until(holds)

    def mouse(self, *words: str) -> None:
        """Use the mouse."""
        self._person(*words)

    def at(self, x: float, y: float) -> None:
        """Put the mouse somewhere in the window."""
        self._person("mousemove", "--window", self._window, str(round(x)), str(round(y)))

    def button(self, action: str) -> tuple[float, float]:
        """The middle of something to click."""
        found = next(b for b in self.viewer.buttons if b.action == action)
        return found.x + found.width / 2, found.y + found.height / 2

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._person("windowsize", self._window, str(width), str(height))
        self.until(lambda: self.loop.screen.size == (width, height))


@pytest.fixture
def hands(display: str, person: Any, stills: Any, tmp_path: Path) -> Any:
    """The small building in a window."""
    viewer = Viewer([stills])
    viewer.playing = False
    loop = Loop(viewer, Screen("test", *SIZE), "cpu", pictures=tmp_path)
    loop.pace.level = len(LEVELS) - 1  # this is about what is done, not about how it looks
    yield Hands(loop, person)
    loop.screen.close()
    loop.studio.quality = Quality()


def test_every_key_does_what_the_help_says(hands: Any, tmp_path: Path) -> None:
    viewer = hands.viewer
    for key, camera in (("2", "follow"), ("3", "top"), ("4", "first"), ("1", "orbit"), ("F2", "follow"), ("F1", "orbit")):
        hands.key(key, lambda camera=camera: viewer.camera == camera)
    for key, overlay in (
        ("r", "rays"),
        ("t", "trails"),
        ("n", "names"),
        ("b", "bubbles"),
        ("g", "path"),
        ("c", "contacts"),
        ("u", "panels"),
    ):
        before = viewer.shown[overlay]
        hands.key(key, lambda overlay=overlay, before=before: viewer.shown[overlay] is not before)
    hands.key("v", lambda: viewer.shown["visits"])
    hands.key("v", lambda: viewer.everybody)
    hands.key("m", lambda: viewer.theme.name == "dark")
    hands.key("h", lambda: viewer.shown["help"])
    hands.key("Tab", lambda: viewer.chosen == "walker_1")
    hands.key("shift+Tab", lambda: viewer.chosen == "walker_0")
    hands.key("period", lambda: viewer.speed == 2.0)
    hands.key("comma", lambda: viewer.speed == 1.0)
    hands.key("equal", lambda: viewer.scale > 1.1)
    hands.key("minus", lambda: viewer.scale < 1.1)
    hands.key("End", lambda: viewer.now == 60)
    hands.key("Left", lambda: viewer.now == 59)
    hands.key("shift+Left", lambda: viewer.now == 49)
    hands.key("Right", lambda: viewer.now == 50)
    hands.key("Home", lambda: viewer.now == 0)
    hands.key("space", lambda: viewer.playing and viewer.now > 0)
    hands.key("p", lambda: list(tmp_path.glob("*.png")))
    hands.key("Escape", lambda: not hands.loop.going)


def test_the_mouse_clicks_drags_scrubs_and_turns(hands: Any) -> None:
    viewer, gaze = hands.viewer, hands.viewer.gaze
    hands.at(*hands.button("top"))
    hands.mouse("click", "1")
    hands.until(lambda: viewer.camera == "top")
    hands.at(*hands.button("names"))
    hands.mouse("click", "1")
    hands.until(lambda: viewer.shown["names"])
    hands.at(*hands.button("orbit"))
    hands.mouse("click", "1")
    hands.until(lambda: viewer.camera == "orbit")
    yaw, pan = gaze.yaw, gaze.pan
    hands.at(300, 200)
    hands.mouse("mousedown", "1")
    hands.until(lambda: True)
    hands.at(360, 210)
    hands.until(lambda: gaze.yaw != yaw)
    hands.mouse("mouseup", "1", "mousedown", "3")
    hands.until(lambda: True)
    hands.at(390, 240)
    hands.until(lambda: gaze.pan != pan)
    hands.mouse("mouseup", "3", "click", "4", "click", "4")
    hands.until(lambda: gaze.zoom > 1.2)
    hands.key("0", lambda: (gaze.zoom, gaze.pan) == (1.0, (0.0, 0.0)))
    rail = viewer.layout(*SIZE).track
    hands.at(rail.x + rail.width / 2, rail.y)
    hands.mouse("mousedown", "1")
    hands.until(lambda: abs(viewer.now - 30) < 1)
    hands.at(rail.x + rail.width, rail.y)
    hands.until(lambda: viewer.now == 60)
    hands.mouse("mouseup", "1")
    assert viewer.pointer is not None and viewer.pointer[1] == pytest.approx(rail.y, abs=1)


def test_the_mouse_over_a_tick_brings_a_tooltip_and_over_an_avatar_a_click_follows_it(hands: Any) -> None:
    viewer = hands.viewer
    rail = viewer.layout(*SIZE).track
    hands.at(rail.x + rail.width * 0.4, rail.y - 100)
    hands.until(lambda: viewer.pointer is not None)
    away = hands.loop.draw()
    hands.at(rail.x + rail.width * 11 / 60, rail.y - 8)
    hands.until(lambda: viewer.pointer[1] > rail.y - 20)
    over = hands.loop.draw()
    rows, columns = (away != over).any(axis=2).nonzero()
    assert len(rows) > 2000
    assert np.abs(columns.mean() - (rail.x + rail.width * 11 / 60)) < 120
    scene = viewer.scene()
    x, y, _ = viewer.view(scene, *SIZE).project([(float(scene.figures["x"][1]), float(scene.figures["y"][1]), 0.6)], *SIZE)[0]
    hands.at(x, y)
    hands.mouse("click", "1")
    hands.until(lambda: viewer.chosen == "walker_1")


def test_a_window_may_become_as_small_as_it_likes_and_large_again(hands: Any) -> None:
    for size in ((320, 240), (400, 620), (1200, 300), (1000, 700)):
        hands.resize(*size)
        assert hands.loop.draw().shape == (size[1], size[0], 3)
    hands.key("h", lambda: hands.viewer.shown["help"])
    hands.resize(320, 240)


def test_a_camera_that_is_chosen_is_come_to_smoothly(hands: Any) -> None:
    viewer = hands.viewer
    eyes = []
    hands.key("3", lambda: viewer.camera == "top")
    for _ in range(60):
        hands.loop.turn()
        eyes.append(viewer.view(viewer.scene(), *SIZE).eye)
    assert len({tuple(np.round(eye, 3)) for eye in eyes}) > 2
    assert eyes[-1] == viewer.view(viewer.scene(), *SIZE).eye


def test_several_episodes_from_the_command_line(start: Any, person: Any, episode: Path, tmp_path: Path, waits: Any) -> None:
    other = shutil.copy(episode, tmp_path / "other.avt")
    words = ["watch", str(episode), str(other), "--size", "640x360", "--theme", "dark", "--backend", "cpu"]
    watching, window = start(words)
    person("key", "--window", window, "3")
    person("key", "--window", window, "p")
    waits(lambda: any(path.read_bytes()[-8:-4] == b"IEND" for path in tmp_path.glob("runs/pictures/*.png")))
    person("key", "--window", window, "q")
    assert watching.wait(60) == 0
    (saved,) = tmp_path.glob("runs/pictures/*.png")
    picture = np.asarray(Image.open(saved)).astype(int)
    assert picture.mean() < 110  # dark
    middle = np.abs(picture[60:200, 20:300] - picture[60:200, 340:620]).mean()
    assert middle < 25  # the same building at the left and at the right


def test_following_a_run_from_the_command_line(start: Any, person: Any, episode: Path, tmp_path: Path, waits: Any) -> None:
    run = tmp_path / "run"
    (run / "live").mkdir(parents=True)
    (run / "history.jsonl").write_text('{"iteration": 1, "decisions": 10, "return": 0.5}\n')
    watching, window = start(["watch", "--live", str(run), "--size", "640x360", "--backend", "cpu"])
    waits((run / "live" / "wanted").exists)
    draft = shutil.copy(episode, run / "live" / ".draft")
    Path(draft).rename(run / "live" / "000007.avt")

    def saved() -> bool:
        person("key", "--window", window, "p")
        return any(path.read_bytes()[-8:-4] == b"IEND" for path in tmp_path.glob("runs/pictures/*.png"))

    waits(saved)
    person("key", "--window", window, "Escape")
    assert watching.wait(60) == 0


def likeness(name: str, picture: np.ndarray) -> float:
    """How far a picture is from the one that is kept under that name: the mean difference of channels (0 to 255)."""
    path = PICTURES / f"{name}.png"
    kept = np.asarray(Image.open(path).convert("RGB")).astype(int)
    return float(np.abs(kept - picture.astype(int)).mean())


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("orbit-light", ()),
        ("follow-dark", ("follow", "theme", "contacts")),
        ("top-visits", ("top", "visits", "names")),
        ("help", ("help",)),
    ],
)
def test_the_viewer_looks_as_it_did(stills: Any, name: str, actions: tuple[str, ...]) -> None:
    studio, viewer = frames.studio("cpu"), Viewer(stills)
    viewer.seek(14)
    for action in actions:
        viewer.do(action)
    assert likeness(name, viewer.frame(studio, 800, 450)) < 2.0


def test_another_picture_is_not_like_the_one_that_is_kept(stills: Any) -> None:
    studio, viewer = frames.studio("cpu"), Viewer(stills)
    viewer.seek(14)
    viewer.do("names")
    viewer.drag(40, 0)
    assert likeness("orbit-light", viewer.frame(studio, 800, 450)) > 4.0
