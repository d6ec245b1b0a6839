"""The window: pygame shows the frames and brings keys and clicks."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render import camera as cameras
from avatarium.render import frames
from avatarium.render.pace import Pace
from avatarium.render.source import STEP_S
from avatarium.render.viewer import Viewer
from avatarium.worlds.core.errors import UserError, need
from avatarium.worlds.core.scene import Scene

KEYS: Mapping[str, str] = {
    "space": "play", "1": "orbit", "2": "follow", "3": "top", "4": "first", "tab": "next", ",": "slower", ".": "faster", "left": "back",
    "right": "on", "home": "beginning", "end": "end", "h": "help", "u": "panels", "r": "rays", "t": "trails", "n": "names", "b": "bubbles",
}  # fmt: skip
SMALLEST = (320, 240)
_INSTEAD = "or do without one (watch --screenshot, record)"


def display() -> str:
    """The display that windows open on, empty where there is none; without one SDL would draw where nobody sees it."""
    if platform.system() in ("Darwin", "Windows"):
        return "desktop"
    names = [name for name in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    return ", ".join(f"{name}={os.environ[name]}" for name in names)


class Screen:
    """A window that shows frames. Raises UserError where there is no display."""

    def __init__(self, title: str, width: int, height: int) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        self._pygame = need("pygame", "render")
        if not display():
            raise UserError(f"no window can be opened without a display: set DISPLAY, {_INSTEAD}")
        try:
            self._pygame.display.init()
            self._surface = self._pygame.display.set_mode((width, height), self._pygame.RESIZABLE)
        except self._pygame.error as failure:
            raise UserError(f"no window can be opened here ({failure}): set DISPLAY, {_INSTEAD}") from failure
        self._pygame.display.set_caption(title)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height (px) that frames should have now."""
        width, height = self._pygame.display.get_surface().get_size()
        return max(width, SMALLEST[0]), max(height, SMALLEST[1])

    def show(self, frame: np.ndarray) -> None:
        """Put uint8 [height, width, 3] on the screen."""
        height, width = frame.shape[:2]
        image = self._pygame.image.frombuffer(np.ascontiguousarray(frame).data, (width, height), "RGB")
        self._pygame.display.get_surface().blit(image, (0, 0))
        self._pygame.display.flip()

    def events(self) -> list[Any]:
        """What the user has done since the last call, as pygame events."""
        return list(self._pygame.event.get())

    def held(self) -> frozenset[str]:
        """Names of the keys that are down."""
        down = self._pygame.key.get_pressed()
        return frozenset(name for name, code in _held_codes(self._pygame).items() if down[code])

    def close(self) -> None:
        """Close the window."""
        self._pygame.display.quit()


def _held_codes(pygame: Any) -> dict[str, int]:
    return {name: pygame.key.key_code(name) for name in ("w", "s", "a", "d", "q", "e", "up", "down", "left", "right")}


class Window:
    """The window of ``render_mode="human"``: shows one scene after the other. ``closed`` once the user has shut it."""

    def __init__(self, title: str = "avatarium", size: tuple[int, int] = (960, 540), camera: str = "orbit", backend: str = "auto") -> None:
        self._screen = Screen(title, *size)
        self._studio, self._camera, self._pace = frames.studio(backend), camera, Pace()
        self.closed = False

    def show(self, scene: Scene) -> None:
        """Draw ``scene``; a window that was shut stays shut."""
        if self.closed:
            return
        for event in self._screen.events():
            if _name(event) == "quit" or (_name(event) == "keydown" and event.unicode == "\x1b"):
                self.close()
                return
        began = time.perf_counter()
        self._studio.quality = self._pace.quality
        width, height = self._screen.size
        camera = cameras.named(self._camera, scene.bounds, frames.pose(scene, 0), 0, width / height)
        self._screen.show(self._studio.frame(scene, camera, width, height))
        self._pace.note(time.perf_counter() - began)

    def close(self) -> None:
        """Close the window."""
        if not self.closed:
            self.closed = True
            self._screen.close()


Drive = Callable[[frozenset[str]], bool]
"""Makes one step of a living world, given the keys held; returns whether the episode goes on."""


class Loop:
    """Runs a viewer in a window until it is left. ``drive`` lives one step of the world, ten times a second while playing."""

    def __init__(
        self, viewer: Viewer, screen: Screen, backend: str = "auto", drive: Drive | None = None, pictures: Path = Path("runs/pictures")
    ) -> None:
        self.viewer, self.screen, self.studio, self.pace = viewer, screen, frames.studio(backend), Pace()
        self._drive, self._pictures, self._owed, self._dragging = drive, pictures, 0.0, ""
        self._names = {code: name for name, code in _codes(screen).items()}
        self.frames = 0
        self.going = True

    def run(self, steps: int | None = None) -> None:
        """Show frames until the user leaves, or until ``steps`` steps from now have been shown."""
        until = None if steps is None else self.viewer.now + steps
        last = time.perf_counter()
        while self.going:
            for event in self.screen.events():
                self._react(event)
            now = time.perf_counter()
            self._pass(min(now - last, 0.25))
            last = now
            self.draw()
            if until is not None and (self.viewer.now >= until or not (self.viewer.playing or self.viewer.live)):
                return
            time.sleep(max(0.0, 1 / 60 - (time.perf_counter() - now)))

    def draw(self) -> np.ndarray:
        """Draw and show one frame, and learn from the time it takes."""
        began = time.perf_counter()
        self.studio.quality = self.pace.quality
        picture = self.viewer.frame(self.studio, *self.screen.size)
        self.screen.show(picture)
        self.pace.note(time.perf_counter() - began)
        self.frames += 1
        return picture

    def _pass(self, seconds: float) -> None:
        """Let time pass; a living world makes the steps that are due."""
        if self._drive is not None and self.viewer.live and self.viewer.playing:
            self._owed += seconds / STEP_S
            while self._owed >= 1 and self.viewer.live:
                self._owed -= 1
                if not self._drive(self.screen.held()):
                    self.viewer.live, self.viewer.playing = False, False
            self.viewer.now = float(self.viewer.source.last)
        self.viewer.advance(seconds)

    def _react(self, event: Any) -> None:
        """One pygame event."""
        kind, viewer = _name(event), self.viewer
        if kind == "quit":
            self.going = False
        elif kind == "keydown":
            self._key(self._names.get(event.key, ""), bool(event.mod & 3))
        elif kind == "mousebuttondown" and event.button in (1, 3):
            pressed = viewer.press(event.pos[0], event.pos[1], *self.screen.size) if event.button == 1 else ""
            self._dragging = pressed if pressed == "scrub" else ("" if pressed else ("turn" if event.button == 1 else "pan"))
        elif kind == "mousebuttonup":
            self._dragging = ""
        elif kind == "mousemotion" and self._dragging == "scrub":
            viewer.scrub(event.pos[0], self.screen.size[0])
        elif kind == "mousemotion" and self._dragging:
            viewer.drag(event.rel[0], event.rel[1], self._dragging == "pan")
        elif kind == "mousewheel":
            viewer.wheel(event.y)

    def _key(self, name: str, shift: bool) -> None:
        if name == "escape" or (name == "q" and not self.viewer.live):
            self.going = False
        elif name == "p":
            self.viewer.say(f"saved {self.save()}")
        elif self.viewer.live and name in ("left", "right"):
            return
        else:
            action = KEYS.get(name, "")
            self.viewer.do({"next": "previous", "back": "back ten", "on": "on ten"}.get(action, action) if shift else action)

    def save(self) -> Path:
        """Save what the window shows as PNG; returns the file."""
        from avatarium.render.video import save_picture

        path = self._pictures / f"{datetime.now():%Y-%m-%d-%H%M%S}-{self.viewer.now:.0f}.png"
        save_picture(path, self.viewer.frame(self.studio, *self.screen.size))
        return path


def _name(event: Any) -> str:
    from pygame import event as events

    return str(events.event_name(event.type)).lower()


def _codes(screen: Screen) -> dict[str, int]:
    return {name: screen._pygame.key.key_code(name) for name in (*KEYS, "escape", "q", "p")}
