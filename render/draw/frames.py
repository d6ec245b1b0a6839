"""Single frames: a scene and a camera in, pixels out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.render.draw import camera as cameras
from avatarium.render.draw import context
from avatarium.render.draw.camera import Camera
from avatarium.render.draw.cpu import Cpu
from avatarium.render.draw.lens import whole
from avatarium.render.draw.picture import Canvas, Composer, Emphasis, Quality, View
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.text import Atlas
from avatarium.render.viewer import plates
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.scene import Scene

LARGEST = 8192
_RENEWALS = 3
"""Contexts that are made anew before the CPU draws: one that is lost again and again is of no use."""


class Studio:
    """What drawing frames needs, kept from frame to frame: a canvas, the meshes of recent levels, letters."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.composer, self.quality = canvas, Composer(), Quality()
        self._renewals = 0
        try:
            self.sheet: Sheet | None = Sheet(Atlas(), 1, 1)
        except UserError:  # without pygame there are pictures, but no letters on them
            self.sheet = None

    def recover(self, failure: Exception) -> str:
        """Go on after drawing has failed: with a new OpenGL context, else on the CPU; returns a sentence for the user.

        Raises UserError when it was the CPU that failed.
        """
        if self.canvas.name == "cpu":
            raise UserError(f"this cannot be drawn ({failure}): please report it, with the transcript") from failure
        self._renewals += 1
        gl = context.renew() if self._renewals <= _RENEWALS else None
        if gl is None:
            self.canvas = Cpu()
            return f"OpenGL has failed ({failure}); the CPU draws from here on"
        self.canvas = _on(gl)
        _studios[id(gl)] = self
        return "the OpenGL context was lost; there is a new one now"

    def frame(self, scene: Scene, camera: Camera, width: int, height: int, emphasis: Emphasis | None = None) -> np.ndarray:
        """The scene with room plates, uint8 [height, width, 3]."""
        if self.sheet is not None:
            self.sheet.clear(width, height)
            plates.rooms(self.sheet, scene, whole(camera, self.sheet))
        picture = self.composer.compose(scene, camera, emphasis or Emphasis())
        return self.canvas.draw([View(picture, camera, (0, 0, width, height))], width, height, self.quality, self.sheet)


_studios: dict[int, Studio] = {}


def studio(backend: str = "auto") -> Studio:
    """The process's studio on OpenGL or the CPU; see ``context.gl`` for which it is and what is raised."""
    gl: Any = context.gl(backend)
    if id(gl) not in _studios:
        _studios[id(gl)] = Studio(Cpu() if gl is None else _on(gl))
    return _studios[id(gl)]


def _on(gl: Any) -> Canvas:
    """A canvas on an OpenGL context."""
    from avatarium.render.draw.gpu import Gpu

    return context.run(Gpu, gl)


def steadily(studio: Studio, draw: Callable[[], np.ndarray], say: Callable[[str], None]) -> np.ndarray:
    """What ``draw`` gives; where it fails, the studio recovers, ``say`` tells it, and it is drawn again."""
    while True:
        try:
            return draw()
        except UserError:
            raise
        except Exception as failure:  # drivers fail in ways of their own
            say(studio.recover(failure))


def frame(scene: Scene, camera: Camera | str, width: int, height: int, backend: str = "auto", follow: int = 0) -> np.ndarray:
    """A picture of ``scene`` as uint8 [height, width, 3], sRGB, row 0 at the top; see ``avatarium.render.frame``."""
    if not (8 <= width <= LARGEST and 8 <= height <= LARGEST):
        raise UserError(f"a picture of {width} x {height} pixels cannot be drawn: each side has to be from 8 to {LARGEST}")
    if isinstance(camera, str):
        camera = cameras.named(camera, scene.bounds, pose(scene, follow), follow, width / height)
    return studio(backend).frame(scene, camera, width, height)


def pose(scene: Scene, figure: int) -> tuple[float, float, float]:
    """x, y (m) and heading (rad) of a figure; the middle of the floor when there is no such figure."""
    if 0 <= figure < len(scene.figures):
        me = scene.figures[figure]
        return float(me["x"]), float(me["y"]), float(me["heading"])
    x0, y0, x1, y1 = scene.bounds
    return (x0 + x1) / 2, (y0 + y1) / 2, 0.0
