"""The window: pygame shows the frames and brings keys and clicks."""

import time
import warnings
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render.draw import camera as cameras
from avatarium.render.draw import frames
from avatarium.render.viewer.keys import KEYS, SHIFTED
from avatarium.render.viewer.pace import LEVELS, Pace
from avatarium.render.viewer.screen import Screen, display
from avatarium.render.viewer.source import STEP_S
from avatarium.render.viewer.viewer import Viewer
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.scene import Scene

__all__ = ["Drive", "Loop", "Screen", "Window", "display"]


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
            if self._screen.kind(event) == "quit" or (self._screen.kind(event) == "keydown" and self._screen.key(event) == "escape"):
                self.close()
                return
        began = time.perf_counter()
        self._studio.quality = self._pace.quality
        width, height = self._screen.size
        camera = cameras.named(self._camera, scene.bounds, frames.pose(scene, 0), 0, width / height)
        self._screen.show(frames.steadily(self._studio, lambda: self._studio.frame(scene, camera, width, height), warnings.warn))
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
        self, viewer: Viewer, screen: Screen, backend: str = "auto", drive: Drive | None = None, pictures: Path = Path("runs/pictures"),
        bindings: Collection[str] = (),
    ) -> None:  # fmt: skip
        """``bindings`` are names of keys that belong to the player while the world lives: then they are no commands to the viewer."""
        self.viewer, self.screen, self.studio, self.pace = viewer, screen, frames.studio(backend), Pace()
        self._drive, self._pictures, self._owed, self._dragging = drive, pictures, 0.0, ""
        self._bindings = frozenset(bindings)
        viewer.smooth, viewer.scale = True, screen.scale
        self._last = time.perf_counter()
        self.frames = 0
        self.going = True

    def run(self, steps: int | None = None) -> None:
        """Show frames until the user leaves, or until ``steps`` steps from now have been shown."""
        until = None if steps is None else self.viewer.now + steps
        self._last = time.perf_counter()
        while self.going:
            began = time.perf_counter()
            self.turn()
            if until is not None and (self.viewer.now >= until or not (self.viewer.playing or self.viewer.live)):
                return
            time.sleep(max(0.0, 1 / 60 - (time.perf_counter() - began)))

    def turn(self) -> None:
        """Take in what the user has done, let the time pass that has gone by since the last turn, and show a frame."""
        for event in self.screen.events():
            self._react(event)
        now = time.perf_counter()
        self._pass(min(now - self._last, 0.25))
        self._last = now
        self.draw()

    def draw(self) -> np.ndarray:
        """Draw and show one frame, and learn from the time it takes."""
        began = time.perf_counter()
        self.studio.quality = self.pace.quality
        picture = self._picture()
        self.screen.show(picture)
        self.pace.note(time.perf_counter() - began)
        self.frames += 1
        return picture

    def _picture(self) -> np.ndarray:
        """The viewer's frame; what fails is told in the window, and drawing goes on in another way."""
        width, height = self.screen.size
        return frames.steadily(self.studio, lambda: self.viewer.frame(self.studio, width, height), lambda told: self.viewer.say(told, 10.0))

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
        kind, viewer = self.screen.kind(event), self.viewer
        if kind == "quit":
            self.going = False
        elif kind == "keydown":
            self._key(self.screen.key(event), bool(event.mod & 3))
        elif kind == "mousebuttondown" and event.button in (1, 3):
            pressed = viewer.press(event.pos[0], event.pos[1], *self.screen.size) if event.button == 1 else ""
            self._dragging = pressed if pressed == "scrub" else ("" if pressed else ("turn" if event.button == 1 else "pan"))
        elif kind == "mousebuttonup":
            self._dragging = ""
        elif kind == "mousemotion":
            viewer.point(*event.pos)
            if self._dragging == "scrub":
                viewer.scrub(event.pos[0], *self.screen.size)
            elif self._dragging:
                viewer.drag(event.rel[0], event.rel[1], self._dragging == "pan")
        elif kind == "windowleave":
            viewer.pointer = None
        elif kind == "mousewheel":
            viewer.wheel(event.y)

    def _key(self, name: str, shift: bool) -> None:
        if self._drive is not None and self.viewer.live and name in self._bindings:
            return
        if name == "escape" or (name == "q" and not self.viewer.live):
            self.going = False
        elif name == "p":
            try:
                self.viewer.say(f"saved {self.save()}")
            except UserError as trouble:  # a full disk is no reason to leave
                self.viewer.say(str(trouble), 6.0)
        elif self.viewer.live and name in ("left", "right"):
            return
        else:
            action = KEYS.get(name, "")
            self.viewer.do(SHIFTED.get(action, action) if shift else action)

    def save(self) -> Path:
        """Save what the window shows as PNG, in the best quality; returns the file."""
        from avatarium.render.video import save_picture

        path = self._pictures / f"{datetime.now():%Y-%m-%d-%H%M%S-%f}-{self.viewer.now:.0f}.png"
        self.studio.quality = LEVELS[0]
        save_picture(path, self._picture())
        return path
