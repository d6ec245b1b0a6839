"""The window, on a display of its own, driven by keys and clicks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.render.viewer.source import Replay
from avatarium.render.viewer.viewer import Viewer
from avatarium.render.viewer.window import Loop, Screen
from avatarium.worlds import UserError
from avatarium.worlds.core.transcript import Transcript

pygame = pytest.importorskip("pygame", reason="pygame is not installed")
Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
Wait = Callable[[Callable[[], bool]], None]
SIZE = (640, 400)


@pytest.fixture
def loop(display: str, episode: Path, tmp_path: Path) -> Loop:
    """The recorded episode in a window."""
    return Loop(Viewer(Replay(Transcript.open(episode))), Screen("test", *SIZE), "cpu", pictures=tmp_path)


def key(name: str, shift: bool = False) -> None:
    """Press a key."""
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.key.key_code(name), mod=1 if shift else 0, unicode=""))


def mouse(kind: int, x: float, y: float, **more: object) -> None:
    """Press, move or let go of the mouse."""
    pygame.event.post(pygame.event.Event(kind, pos=(int(x), int(y)), **more))


def test_keys_choose_cameras_and_panels_and_escape_leaves(loop: Loop, tmp_path: Path) -> None:
    for name in ("2", "n", "h", ".", "tab", "p", "escape"):
        key(name)
    loop.run()
    assert not loop.going
    assert (loop.viewer.camera, loop.viewer.speed, loop.viewer.chosen) == ("follow", 2.0, "walker_1")
    assert loop.viewer.shown["names"] and loop.viewer.shown["help"]
    (saved,) = tmp_path.glob("*.png")
    assert np.asarray(Image.open(saved)).std() > 20
    loop.screen.close()


def test_the_screen_shows_the_frame(loop: Loop) -> None:
    picture = loop.draw()
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).transpose(1, 0, 2)
    assert np.array_equal(picture, shown)
    loop.screen.close()


def test_the_mouse_scrubs_turns_and_zooms(loop: Loop) -> None:
    loop.draw()
    scrub = next(b for b in loop.viewer.buttons if b.action == "scrub")
    yaw = loop.viewer.gaze.yaw
    mouse(pygame.MOUSEBUTTONDOWN, scrub.x + 20, scrub.y + 30, button=1)
    mouse(pygame.MOUSEMOTION, scrub.x + scrub.width - 10, scrub.y + 30, rel=(9, 0), buttons=(1, 0, 0))
    mouse(pygame.MOUSEBUTTONUP, scrub.x, scrub.y, button=1)
    mouse(pygame.MOUSEBUTTONDOWN, 4, 200, button=1)
    mouse(pygame.MOUSEMOTION, 54, 200, rel=(50, 0), buttons=(1, 0, 0))
    mouse(pygame.MOUSEBUTTONUP, 54, 200, button=1)
    pygame.event.post(pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=2))
    key("escape")
    loop.run()
    assert loop.viewer.now == 70
    assert loop.viewer.gaze.yaw == pytest.approx(yaw - 0.3)
    assert loop.viewer.gaze.zoom > 1.2
    loop.screen.close()


def test_arrows_step_and_shift_makes_it_ten(loop: Loop) -> None:
    for name, shift in (("space", False), ("home", False), ("right", True), ("right", False), ("left", False), ("escape", False)):
        key(name, shift)
    loop.run()
    assert loop.viewer.now == 10
    loop.screen.close()


def test_frames_follow_the_size_of_the_window(loop: Loop) -> None:
    pygame.display.set_mode((500, 380), pygame.RESIZABLE)
    assert loop.draw().shape == (380, 500, 3)
    loop.screen.close()


def test_a_run_of_some_steps_ends_by_itself(loop: Loop) -> None:
    loop.viewer.speed = 16.0
    loop.run(steps=20)
    assert loop.viewer.now >= 20
    assert loop.going
    loop.screen.close()


def test_without_a_display_no_window_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="without a display: set DISPLAY"):
        Screen("test", *SIZE)


def test_an_environment_shows_itself_to_people(display: str) -> None:
    env = worlds.make("wayfinding", render_mode="human", walkers=2)
    env.reset(seed=1)
    env.step({agent: env.action_space(agent).sample() for agent in env.agents})
    shown = pygame.surfarray.array3d(pygame.display.get_surface())
    assert shown.shape[:2] == (960, 540)
    assert shown.std() > 20
    env.close()
    assert not pygame.display.get_init()


def test_an_environment_gives_pictures() -> None:
    env = worlds.make("wayfinding", render_mode="rgb_array", walkers=2)
    env.reset(seed=1)
    frame = env.render()
    assert frame.dtype == np.uint8 and frame.shape == (540, 960, 3)


def pictures(folder: Path) -> list[Path]:
    """What was saved by the key P, once it has been written to the end."""
    return [path for path in folder.glob("runs/pictures/*.png") if path.read_bytes()[-8:-4] == b"IEND"]


def test_watch_from_the_command_line(start: Any, person: Any, episode: Path, tmp_path: Path, waits: Wait) -> None:
    watching, window = start(["watch", str(episode), "--size", "720x480"])
    person("windowsize", "--sync", window, "600", "420")
    person("key", "--window", window, "3")
    person("key", "--window", window, "p")
    waits(lambda: bool(pictures(tmp_path)))
    person("key", "--window", window, "Escape")
    assert watching.wait(60) == 0
    (saved,) = pictures(tmp_path)
    assert Image.open(saved).size == (600, 420)
