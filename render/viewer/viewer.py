"""The viewer without its window: which moment, whose side, which camera; and the frame that follows from it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from avatarium.render.draw import camera as cameras
from avatarium.render.draw.camera import Camera
from avatarium.render.draw.frames import Studio, pose
from avatarium.render.draw.sheet import Rect
from avatarium.render.draw.theme import LIGHT, Theme, other
from avatarium.render.viewer import staging
from avatarium.render.viewer.gaze import Gaze
from avatarium.render.viewer.layout import CARD_WIDTH, Layout, tiles
from avatarium.render.viewer.pane import OWN_TRAIL, SAID, TRAIL, Pane
from avatarium.render.viewer.source import STEP_S, FrameSource
from avatarium.render.viewer.staging import Button
from avatarium.render.viewer.thumbnail import Thumbnail
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.scene import Scene

__all__ = ["MOST_PANES", "OWN_TRAIL", "SAID", "SKIPS", "SPEEDS", "TRAIL", "Viewer"]

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SKIPS = {"back": -1, "on": 1, "back ten": -10, "on ten": 10, "beginning": -1_000_000, "end": 1_000_000}
"""Steps that an action skips; ``seek`` keeps within the episode."""

MOST_PANES = 4
_REACH = 60
"""Points from an avatar within which a click means it."""


class Viewer:
    """State of a viewer and what its keys do. Give it seconds with ``advance``, words with ``do``, and ask it for frames.

    Several sources are shown side by side, at the same moment, through the same kind of camera. Raises UserError for more than four.
    """

    def __init__(
        self, source: FrameSource | Sequence[FrameSource], camera: str = "orbit", follow: str = "", labels: Sequence[str] = ()
    ) -> None:
        sources = list(source) if isinstance(source, Sequence) else [source]
        if not 1 <= len(sources) <= MOST_PANES:
            raise UserError(f"{len(sources)} episodes cannot be shown side by side: choose one to {MOST_PANES}")
        titles = [*labels, *(one.title for one in sources[len(labels) :])]
        self.panes = [Pane(one, title) for one, title in zip(sources, titles, strict=False)]
        self.source = sources[0]
        self.gaze = Gaze(camera, self.source.scene(0).bounds)
        self.now, self.playing, self.speed, self.live = 0.0, True, 1.0, False
        self.chosen = follow or (self.source.agents[0] if self.source.agents else "")
        self.shown = {"panels": True, "rays": True, "trails": True, "names": False, "bubbles": True, "help": False}
        self.shown |= {"visits": False, "path": False, "contacts": False}
        self.everybody = False
        """Whether the map of visits is that of all avatars."""
        self.theme: Theme = LIGHT
        self.scale = 1.0
        """Pixels to a point of panels and text."""
        self.smooth = False
        """Whether cameras glide to where another one stood; a window does, single pictures do not."""
        self.keys: Sequence[tuple[str, str]] = ()
        """More rows for the help card: somebody else's keys."""
        self.pointer: tuple[float, float] | None = None
        """Where the mouse is (points)."""
        self.side: staging.Side | None = None
        """What stands below the title, such as how a training comes along."""
        self.buttons: list[Button] = []
        self.covered: list[Rect] = []
        """Where panels are in the frame that was drawn last (points)."""
        self.thumbnail = Thumbnail()
        self._message, self._message_left = "", 0.0
        self._metres_per_px = 0.02

    @property
    def camera(self) -> str:
        """Name of the camera."""
        return self.gaze.camera

    @property
    def last(self) -> int:
        """Index of the newest frame of the longest episode."""
        return max(pane.source.last for pane in self.panes)

    @property
    def length(self) -> int:
        """Steps that the longest episode may have."""
        return max(pane.source.length for pane in self.panes)

    @property
    def message(self) -> str:
        """What is to be said now."""
        return self._message if self._message_left > 0 else ""

    def say(self, message: str, seconds: float = 2.5) -> None:
        """Show a short message for a while."""
        self._message, self._message_left = message, seconds

    def show(self, source: FrameSource) -> None:
        """Take another episode of the same kind in place of the first, from its beginning; who is followed and how one looks remain."""
        self.panes[0] = Pane(source, source.title)
        self.source = source
        if self.chosen not in source.agents:
            self.chosen = source.agents[0] if source.agents else ""
        self.now, self.playing = 0.0, True

    def advance(self, seconds: float) -> None:
        """Let wall-clock time pass; a recorded episode stops at its end."""
        self._message_left -= seconds
        if self.playing and not self.live:
            self.now = min(self.now + seconds / STEP_S * self.speed, float(self.last))
            if self.now >= self.last:
                self.playing = False
        for pane in self.panes:
            scene = pane.scene(self.now)
            pane.tripod.advance(seconds, self.speed, pose(scene, pane.index(scene, self.chosen)), self.camera)

    def seek(self, step: float) -> None:
        """Go to a step; cameras jump there as well."""
        self.now = min(max(step, 0.0), float(self.last))
        for pane in self.panes:
            pane.tripod.jump()

    def do(self, action: str) -> None:
        """Carry out what a key or a button stands for; words it does not know do nothing."""
        if action in cameras.NAMES:
            if action != self.gaze.camera:
                self.gaze.camera = action
                self._move()
        elif action == "visits":
            self._next_visits()
        elif action in self.shown:
            self.shown[action] = not self.shown[action]
        elif action == "play":
            if not self.playing and not self.live and self.now >= self.last:
                self.seek(0)
            self.playing = not self.playing
        elif action in ("slower", "faster", "next speed"):
            self._change_speed(action)
        elif action in ("next", "previous"):
            self._choose_next(1 if action == "next" else -1)
        elif action in SKIPS and not self.live:
            self.playing = False
            self.seek(round(self.now) + SKIPS[action])
        elif action == "theme":
            self.theme = other(self.theme)
        elif action in ("larger", "smaller"):
            self.scale = min(max(self.scale * (1.2 if action == "larger" else 1 / 1.2), 0.7), 4.0)
        elif action == "reset":
            self.gaze.reset()
            self._move()

    def _change_speed(self, action: str) -> None:
        at = SPEEDS.index(self.speed) + (-1 if action == "slower" else 1)
        self.speed = SPEEDS[at % len(SPEEDS)] if action == "next speed" else SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]

    def _next_visits(self) -> None:
        """From no map of visits to that of the followed avatar, to that of all, to none."""
        if not self.shown["visits"]:
            self.shown["visits"], self.everybody = True, False
        elif not self.everybody:
            self.everybody = True
        else:
            self.shown["visits"] = False

    def _move(self) -> None:
        for pane in self.panes:
            if self.smooth:
                pane.tripod.move()
            else:
                pane.tripod.jump()

    def _choose(self, name: str) -> None:
        if name != self.chosen:
            self.chosen = name
            self._move()

    def _choose_next(self, way: int) -> None:
        names = self.scene().names
        if names:
            at = names.index(self.chosen) + way if self.chosen in names else 0
            self._choose(names[at % len(names)])

    def drag(self, dx: float, dy: float, pan: bool = False) -> None:
        """Turn the orbit camera by a drag (px), or with ``pan`` move it over the plan."""
        self.gaze.drag(dx, dy, self._metres_per_px, pan)

    def wheel(self, clicks: float) -> None:
        """Come nearer or go away."""
        self.gaze.wheel(clicks)

    def point(self, x: float, y: float) -> None:
        """The mouse is at pixel (x, y)."""
        self.pointer = (x / self.scale, y / self.scale)

    def press(self, x: float, y: float, width: int, height: int) -> str:
        """A click at pixel (x, y): carries out the button there, or follows the avatar there; returns the button's action, if any."""
        px, py = x / self.scale, y / self.scale
        if self.shown["help"]:
            self.do("help")
            return "help"
        for button in reversed(self.buttons):
            if button.holds(px, py):
                if button.action == "scrub":
                    self.scrub(x, width, height)
                else:
                    self.do(button.action)
                return button.action
        for pane, area in zip(self.panes, self.areas(width, height), strict=True):
            left, top, wide, high = area
            if left <= x < left + wide and top <= y < top + high:
                self._pick(pane, area, x - left, y - top, width, height)
        return ""

    def _pick(self, pane: Pane, area: tuple[int, int, int, int], x: float, y: float, width: int, height: int) -> None:
        """Follow the avatar nearest to a pixel of a pane."""
        scene = pane.scene(self.now)
        if not len(scene.figures):
            return
        where = np.stack([scene.figures["x"], scene.figures["y"], np.full(len(scene.figures), 0.6)], axis=1)
        found = self.look(pane, scene, area, width, height).project(where, area[2], area[3])
        far = np.where(found[:, 2] > 0, np.hypot(found[:, 0] - x, found[:, 1] - y), np.inf)
        if far.min() < _REACH * self.scale:
            self._choose(scene.names[int(far.argmin())])

    def scrub(self, x: float, width: int, height: int) -> None:
        """Go to the moment under a pixel of the timeline."""
        if not self.live:
            self.seek(self.layout(width, height).step_at(x / self.scale, self.length))

    def areas(self, width: int, height: int) -> list[tuple[int, int, int, int]]:
        """Where panes are in a picture of so many pixels: several end above the timeline. See ``layout.tiles``."""
        if len(self.panes) == 1 or not self.shown["panels"]:
            return tiles(len(self.panes), width, height)
        layout = self.layout(width, height)
        return tiles(len(self.panes), width, max(8, round(((layout.legend or layout.timeline.y) - 8) * self.scale)))

    def layout(self, width: int, height: int) -> Layout:
        """Where panels have room in a picture of so many pixels."""
        return Layout(width / self.scale, height / self.scale)

    def scene(self) -> Scene:
        """What there is to see now, in the first pane."""
        return self.panes[0].scene(self.now)

    def index(self, scene: Scene) -> int:
        """Index of the followed figure in ``scene``; -1 when it is not there."""
        return self.panes[0].index(scene, self.chosen)

    def overlays(self) -> Mapping[str, str]:
        """What can be laid over this world's pictures: what the legend calls it, after a "+" where it is on."""
        found = {"rays": "rays", "trails": "trails", "names": "names", "bubbles": "bubbles"}
        found["visits"] = "visits of all" if self.shown["visits"] and self.everybody else "visits"
        if self.panes[0].has_goals:
            found["path"] = "path to goal"
        if self.live or (self.source.events()["whom"] >= 0).any():
            found["contacts"] = "contacts"
        return {name: ("+" if self.shown[name] else "") + words for name, words in found.items()}

    def view(self, scene: Scene, width: int, height: int) -> Camera:
        """The camera of this moment in the first pane, kept clear of the panels."""
        return self.look(self.panes[0], scene, self.areas(width, height)[0], width, height)

    def look(self, pane: Pane, scene: Scene, area: tuple[int, int, int, int], width: int, height: int) -> Camera:
        """The camera of a pane at ``area`` (px) of a picture, kept clear of the panels."""
        i, layout = pane.index(scene, self.chosen), self.layout(width, height)
        across, high = area[2] / self.scale, area[3] / self.scale
        left, right, bottom, top = 0.015, 0.015, 0.02, 0.02
        if self.shown["panels"]:
            covered = (area[1] + area[3]) / self.scale - (layout.legend or layout.timeline.y) + 4
            covered += 34 if layout.two_legends and len(self.panes) == 1 else 0
            bottom = max(covered, 0.0) / high + 0.02
            if len(self.panes) > 1 or layout.small:
                top = min((40 if layout.small else 60) / high, 0.3)
            elif across >= 900:
                left, right = 260 / across, (CARD_WIDTH + 24) / across
        camera = pane.tripod.look(self.gaze, scene.bounds, area[2] / area[3], (left, right, min(bottom, 0.4), top), pose(scene, i), i)
        self._metres_per_px = 2 * math.dist(camera.eye, camera.target) * math.tan(camera.fov_rad / 2) / area[3]
        return camera

    def frame(self, studio: Studio, width: int, height: int) -> np.ndarray:
        """The frame of this moment, uint8 [height, width, 3]; its buttons are in ``buttons``."""
        return staging.frame(self, studio, width, height)
