"""The viewer without its window: which moment, whose side, which camera; and the frame that follows from it."""

import math
from collections import OrderedDict
from dataclasses import replace

import numpy as np

from avatarium.render import camera as cameras
from avatarium.render import card, hud, plates
from avatarium.render.camera import Camera
from avatarium.render.frames import Studio, pose
from avatarium.render.picture import Emphasis
from avatarium.render.source import STEP_S, FrameSource, Reading
from avatarium.worlds.core.scene import Scene

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SKIPS = {"back": -1, "on": 1, "back ten": -10, "on ten": 10, "beginning": -1_000_000, "end": 1_000_000}
"""Steps that an action skips; ``seek`` keeps within the episode."""

TRAIL, OWN_TRAIL = 40, 120
"""Steps that trails reach back, of all avatars and of the one that is followed."""

SAID = 12
"""Steps for which an event stays in a speech bubble."""

_KEPT = 400
_REACH_PX = 60


class Viewer:
    """State of a viewer and what its keys do. Give it seconds with ``advance``, words with ``do``, and ask it for frames."""

    def __init__(self, source: FrameSource, camera: str = "orbit", follow: str = "") -> None:
        self.source, self.camera, self.now, self.playing, self.speed = source, camera, 0.0, True, 1.0
        self.chosen = follow or (source.agents[0] if source.agents else "")
        self.shown = {"panels": True, "rays": True, "trails": True, "names": False, "bubbles": True, "help": False}
        self.pitch, self.zoom, self.pan = cameras.PITCH_RAD, 1.0, (0.0, 0.0)
        self.yaw = cameras.broadside(source.scene(0).bounds)
        self.live = False
        self.buttons: list[hud.Button] = []
        self._message, self._message_left, self._seconds = "", 0.0, 0.0
        self._scenes: OrderedDict[int, Scene] = OrderedDict()
        self._gaze: tuple[float, float, float] | None = None

    def say(self, message: str, seconds: float = 2.5) -> None:
        """Show a short message for a while."""
        self._message, self._message_left = message, seconds

    def advance(self, seconds: float) -> None:
        """Let wall-clock time pass; a recorded episode stops at its end."""
        self._seconds += seconds
        self._message_left -= seconds
        if self.playing and not self.live:
            self.now = min(self.now + seconds / STEP_S * self.speed, float(self.source.last))
            if self.now >= self.source.last:
                self.playing = False
        self._turn_gaze(1 - math.exp(-3.0 * seconds * max(self.speed, 1.0)))

    def seek(self, step: float) -> None:
        """Go to a step; cameras jump there as well."""
        self.now = min(max(step, 0.0), float(self.source.last))
        self._gaze = None

    def do(self, action: str) -> None:
        """Carry out what a key or a button stands for; words it does not know do nothing."""
        if action in cameras.NAMES:
            self.camera, self._gaze = action, None
        elif action in self.shown:
            self.shown[action] = not self.shown[action]
        elif action == "play":
            if not self.playing and not self.live and self.now >= self.source.last:
                self.seek(0)
            self.playing = not self.playing
        elif action in ("slower", "faster"):
            at = SPEEDS.index(self.speed) + (1 if action == "faster" else -1)
            self.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        elif action in ("next", "previous"):
            self._choose_next(1 if action == "next" else -1)
        elif action in SKIPS and not self.live:
            self.playing = False
            self.seek(round(self.now) + SKIPS[action])

    def _choose_next(self, way: int) -> None:
        names = self.scene().names
        if names:
            at = names.index(self.chosen) + way if self.chosen in names else 0
            self.chosen, self._gaze = names[at % len(names)], None

    def drag(self, dx: float, dy: float, pan: bool = False) -> None:
        """Turn the orbit camera by a drag (px), or with ``pan`` move it over the plan."""
        if pan:
            x0, _, x1, _ = self.scene().bounds
            scale = (x1 - x0) / 900 / self.zoom
            cos, sin = math.cos(self.yaw - math.pi / 2), math.sin(self.yaw - math.pi / 2)
            self.pan = (self.pan[0] - (cos * dx + sin * dy) * scale, self.pan[1] - (sin * dx - cos * dy) * scale)
        else:
            self.yaw -= dx * 0.006
            self.pitch = min(max(self.pitch + dy * 0.005, 0.2), 1.5)

    def wheel(self, clicks: float) -> None:
        """Come nearer or go away."""
        self.zoom = min(max(self.zoom * 1.12**clicks, 0.5), 8.0)

    def press(self, x: float, y: float, width: int, height: int) -> str:
        """A click at pixel (x, y): carries out the button there, or follows the avatar there; returns the button's action, if any."""
        for button in self.buttons:
            if button.holds(x, y):
                if button.action == "scrub":
                    self.scrub(x, width)
                else:
                    self.do(button.action)
                return button.action
        scene = self.scene()
        if len(scene.figures):
            where = np.stack([scene.figures["x"], scene.figures["y"], np.full(len(scene.figures), 0.6)], axis=1)
            found = self.view(scene, width, height).project(where, width, height)
            far = np.where(found[:, 2] > 0, np.hypot(found[:, 0] - x, found[:, 1] - y), np.inf)
            if far.min() < _REACH_PX:
                self.chosen, self._gaze = scene.names[int(far.argmin())], None
        return ""

    def scrub(self, x: float, width: int) -> None:
        """Go to the moment under a pixel of the timeline."""
        if not self.live:
            self.seek(hud.step_at(x, width, self.source.length))

    def scene(self) -> Scene:
        """What there is to see now; between two steps avatars stand in between."""
        t = int(self.now)
        here, share = self._scene(t), self.now - t
        if share < 1e-3 or t >= self.source.last:
            return here
        return between(here, self._scene(t + 1), share)

    def _scene(self, t: int) -> Scene:
        if t not in self._scenes:
            self._scenes[t] = self.source.scene(t)
            if len(self._scenes) > _KEPT:
                self._scenes.popitem(last=False)
        return self._scenes[t]

    def index(self, scene: Scene) -> int:
        """Index of the followed figure in ``scene``; -1 when it is not there."""
        return scene.names.index(self.chosen) if self.chosen in scene.names else -1

    def _turn_gaze(self, share: float) -> None:
        """Let the following camera come a ``share`` of the way to where it belongs."""
        if self._gaze is None or self.camera != "follow":
            return
        scene = self.scene()
        x, y, heading = pose(scene, self.index(scene))
        gx, gy, gh = self._gaze
        if math.hypot(x - gx, y - gy) > 3.0:
            self._gaze = None
            return
        turn = math.remainder(heading - gh, 2 * math.pi)
        self._gaze = (gx + (x - gx) * share, gy + (y - gy) * share, gh + turn * share * 0.5)

    def view(self, scene: Scene, width: int, height: int) -> Camera:
        """The camera of this moment, kept clear of the panels."""
        aspect, i = width / height, self.index(scene)
        panels = self.shown["panels"]
        right = (card.WIDTH + 24) / width if panels and width >= 900 else 0.015
        margins = (0.015, right, (hud.PANEL_HEIGHT + 26) / height if panels else 0.02, 0.02)
        x0, y0, x1, y1 = scene.bounds
        bounds = (x0 + self.pan[0], y0 + self.pan[1], x1 + self.pan[0], y1 + self.pan[1])
        if self.camera == "orbit":
            return cameras.orbit(bounds, aspect, self.yaw, self.pitch, self.zoom, margins)
        if self.camera == "top":
            return cameras.top_down(bounds, aspect, self.zoom, (260 / width if right > 0.1 else 0.015, *margins[1:]))
        if self.camera == "first" and i >= 0:
            return cameras.first_person(*pose(scene, i), i)
        if self._gaze is None:
            self._gaze = pose(scene, i)
        return cameras.follow(*self._gaze, self.zoom, (-0.12 if right > 0.1 else 0.0, 0.06))

    def frame(self, studio: Studio, width: int, height: int) -> np.ndarray:
        """The frame of this moment, uint8 [height, width, 3]; its buttons are in ``buttons``."""
        scene = self.scene()
        camera, i = self.view(scene, width, height), self.index(scene)
        reading = self.source.reading(int(self.now), self.chosen) if i >= 0 else None
        sight = reading.sight(float(scene.figures["heading"][i])) if reading and self.shown["rays"] and self.camera != "top" else None
        emphasis = Emphasis(i, self._trails(scene, i) if self.shown["trails"] else {}, sight, self.now * STEP_S)
        sheet = studio.sheet
        if sheet is not None:
            sheet.clear(width, height)
            plates.rooms(sheet, scene, camera)
            if self.shown["names"] or self.camera in ("top", "orbit"):
                plates.names(sheet, scene, camera, i, self.shown["names"])
            if self.shown["bubbles"]:
                plates.bubbles(sheet, scene, camera, self._words(scene))
            self._panels(studio, scene, reading)
        return studio.canvas.draw(studio.composer.compose(scene, camera, emphasis, sheet), camera, width, height, studio.quality)

    def _panels(self, studio: Studio, scene: Scene, reading: Reading | None) -> None:
        sheet, source = studio.sheet, self.source
        assert sheet is not None
        self.buttons = []
        if self.shown["panels"]:
            who = source.agents.index(self.chosen) if self.chosen in source.agents else -1
            marks = hud.marks(source.events(), who, source.length, hud.track(sheet.width, sheet.height)[1])
            message = self._message if self._message_left > 0 else ""
            self.buttons = hud.draw(
                sheet,
                hud.Status(
                    source.title,
                    source.subtitle,
                    self.now,
                    source.length,
                    self.playing,
                    self.speed,
                    self.camera,
                    marks,
                    source.kinds,
                    message,
                    self.live,
                ),
            )
            i = self.index(scene)
            if i >= 0 and sheet.width >= 640:
                card.draw(sheet, self.chosen, int(scene.figures["colour"][i]), scene.notes.get(self.chosen, ""), reading)
        if self.shown["help"]:
            hud.help_card(sheet)

    def _trails(self, scene: Scene, chosen: int) -> dict[int, np.ndarray]:
        """Where each figure has been of late, by its index in ``scene``: points [P, 2], oldest first."""
        t = int(self.now)
        paths: dict[str, list[tuple[float, float]]] = {name: [] for name in scene.names}
        for back in range(max(0, t - OWN_TRAIL), t + 1, 2):
            past = self._scene(back)
            for name, x, y in zip(past.names, past.figures["x"].tolist(), past.figures["y"].tolist(), strict=True):
                if name in paths and (back >= t - TRAIL or name == self.chosen):
                    paths[name].append((x, y))
        for i, name in enumerate(scene.names):
            paths[name].append((float(scene.figures["x"][i]), float(scene.figures["y"][i])))
        return {i: np.array(paths[name]) for i, name in enumerate(scene.names) if i != chosen or chosen >= 0}

    def _words(self, scene: Scene) -> dict[int, str]:
        """What the bubbles say, by figure index: the last notable thing that happened to each, or the word it speaks."""
        events = self.source.events()
        words: dict[int, str] = {}
        if len(events):
            often = np.bincount(events["kind"], minlength=len(self.source.kinds)) > max(10, self.source.length // 16)
            recent = events[(events["step"] < self.now) & (events["step"] >= self.now - SAID) & ~often[events["kind"]]]
            for event in recent[::-1]:
                name = self.source.agents[event["who"]] if 0 <= event["who"] < len(self.source.agents) else ""
                if name in scene.names:
                    words[scene.names.index(name)] = self.source.kinds[event["kind"]].replace("_", " ")
        words |= {int(i): f"“{scene.figures['word'][i]}”" for i in np.flatnonzero(scene.figures["word"])}
        return words


def between(here: Scene, there: Scene, share: float) -> Scene:
    """The scene ``share`` of the way from one step to the next; avatars that jump stay where they are."""
    if here.names != there.names:
        return here
    a, b = here.figures, there.figures
    mixed = a.copy()
    near = np.hypot(b["x"] - a["x"], b["y"] - a["y"]) < 1.0
    for name in ("x", "y"):
        mixed[name] = np.where(near, a[name] + (b[name] - a[name]) * share, a[name])
    turn = np.remainder(b["heading"] - a["heading"] + np.pi, 2 * np.pi) - np.pi
    mixed["heading"] = a["heading"] + turn * share
    return replace(here, figures=mixed)
