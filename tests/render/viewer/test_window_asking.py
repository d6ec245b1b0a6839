"""Questions in the window, and which keys are down."""

from typing import Any

import pytest

from avatarium.render.draw import frames
from avatarium.render.viewer import asking
from avatarium.render.viewer.screen import Screen, natural_scale
from avatarium.render.viewer.viewer import Viewer
from avatarium.render.viewer.window import Loop

pygame = pytest.importorskip("pygame", reason="pygame is not installed")
SIZE = (480, 320)


def press(name: str, kind: int = 0) -> None:
    """A key goes down, or with ``kind`` KEYUP up."""
    pygame.event.post(pygame.event.Event(kind or pygame.KEYDOWN, key=pygame.key.key_code(name), mod=0, unicode=""))


@pytest.mark.parametrize(("key", "answer"), [("return", True), ("escape", False)])
def test_a_question_is_answered_by_a_key(display: str, key: str, answer: bool) -> None:
    screen = Screen("test", *SIZE)
    press("x")
    press(key)
    assert asking.confirm(screen, frames.studio("cpu"), "Leave?", ["Nothing is lost."]) is answer
    screen.close()


def test_other_keys_can_be_asked_for_and_closing_the_window_is_no(display: str) -> None:
    screen, studio = Screen("test", *SIZE), frames.studio("cpu")
    press("return")
    press("y")
    assert asking.confirm(screen, studio, "Play?", [], yes="y", no="n")
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert not asking.confirm(screen, studio, "Play?", [])
    screen.close()


def test_the_card_stands_before_what_the_window_shows(display: str, stills: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(Viewer(stills), Screen("test", *SIZE), "cpu")
    picture = loop.draw()
    shown: list[Any] = []
    monkeypatch.setattr(loop.screen, "show", lambda frame: (shown.append(frame), press("return")))
    assert asking.confirm(loop.screen, loop.studio, "Ready?", ["W walks", "a line that is much too long for the card " * 3])
    (card,) = shown
    middle = card[150:170, 230:250].astype(int)
    assert middle.mean() > 230  # paper
    assert card[5, 5].astype(int).sum() < picture[5, 5].astype(int).sum()  # the rest is dimmed
    loop.screen.close()


def test_held_keys_are_those_that_went_down_and_not_up(display: str) -> None:
    screen = Screen("test", *SIZE)
    for name in ("w", "f5", "left shift"):
        press(name)
    screen.events()
    assert screen.held() == {"w", "f5", "left shift"}
    press("f5", pygame.KEYUP)
    screen.events()
    assert screen.held() == {"w", "left shift"}
    pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    screen.events()
    assert screen.held() == frozenset()
    screen.close()


def test_keys_of_the_player_are_no_commands_while_the_world_lives(display: str, stills: Any) -> None:
    viewer = Viewer(stills)
    viewer.live = True
    loop = Loop(viewer, Screen("test", *SIZE), "cpu", lambda held: True, bindings=("r", "1", "t"))
    for name in ("r", "1", "t", "b", "f3"):
        press(name)
    loop.turn()
    assert (viewer.shown["rays"], viewer.shown["trails"], viewer.shown["bubbles"]) == (True, True, False)
    assert viewer.camera == "top"
    viewer.live = False
    press("r")
    loop.turn()
    assert not viewer.shown["rays"]
    loop.screen.close()


def test_a_world_is_driven_with_the_keys_that_are_down(display: str, stills: Any) -> None:
    held: list[frozenset[str]] = []
    viewer = Viewer(stills)
    viewer.live = True

    def drive(keys: frozenset[str]) -> bool:
        held.append(keys)
        return len(held) < 3

    loop = Loop(viewer, Screen("test", *SIZE), "cpu", drive)
    press("w")
    for event in loop.screen.events():
        loop._react(event)
    loop._pass(0.25)
    loop._pass(0.25)
    assert held == [frozenset({"w"})] * 3
    assert not viewer.live and not viewer.playing
    loop.screen.close()


def test_what_draws_may_fail_without_the_loop_ending(display: str, stills: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = frames.Studio(frames.Cpu())
    broken: Any = type("Broken", (), {"name": "gl", "draw": lambda *_: 1 / 0})()
    studio.canvas = broken
    monkeypatch.setattr(frames.context, "renew", lambda: None)
    monkeypatch.setattr(frames, "studio", lambda backend: studio)
    steps: list[int] = []
    viewer = Viewer(stills)
    viewer.live = True
    loop = Loop(viewer, Screen("test", *SIZE), "gl", lambda held: not steps.append(1))
    loop._pass(0.2)
    loop.draw()
    loop._pass(0.2)
    assert len(steps) == 4  # the world lived on
    assert viewer.message == "OpenGL has failed (division by zero); the CPU draws from here on"
    loop.screen.close()


def test_text_grows_with_the_display(display: str) -> None:
    assert [natural_scale(lines) for lines in (768, 1080, 1440, 1620, 2160, 4320)] == [1.0, 1.0, 1.0, 1.5, 2.0, 4.0]
    screen = Screen("test", 300, 250, scale=2.0)
    assert screen.size == (320, 250) and screen.scale == 2.0
    screen.close()


def test_a_picture_that_cannot_be_saved_is_told_in_the_window(display: str, stills: Any, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    loop = Loop(Viewer(stills), Screen("test", *SIZE), "cpu", pictures=tmp_path / "file")
    press("p")
    loop.turn()
    assert "cannot write" in loop.viewer.message
    loop.screen.close()
