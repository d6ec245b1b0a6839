"""Single frames: a scene and a camera in, pixels out."""

from typing import Any

import numpy as np

from avatarium.render import camera as cameras
from avatarium.render import context, plates
from avatarium.render.camera import Camera
from avatarium.render.cpu import Cpu
from avatarium.render.picture import Canvas, Composer, Emphasis, Quality
from avatarium.render.sheet import Sheet
from avatarium.render.text import Atlas
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.scene import Scene

LARGEST = 8192


class Studio:
    """What drawing frames needs, kept from frame to frame: a canvas, the meshes of recent levels, letters."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.composer, self.quality = canvas, Composer(), Quality()
        try:
            self.sheet: Sheet | None = Sheet(Atlas(), 1, 1)
        except UserError:  # without pygame there are pictures, but no letters on them
            self.sheet = None

    def frame(self, scene: Scene, camera: Camera, width: int, height: int, emphasis: Emphasis | None = None) -> np.ndarray:
        """The scene with room plates, uint8 [height, width, 3]."""
        if self.sheet is not None:
            self.sheet.clear(width, height)
            plates.rooms(self.sheet, scene, camera)
        picture = self.composer.compose(scene, camera, emphasis or Emphasis(), self.sheet)
        return self.canvas.draw(picture, camera, width, height, self.quality)


_studios: dict[int, Studio] = {}


def studio(backend: str = "auto") -> Studio:
    """The process's studio on OpenGL or the CPU; see ``context.gl`` for which it is and what is raised."""
    gl: Any = context.gl(backend)
    if id(gl) not in _studios:
        if gl is None:
            _studios[id(gl)] = Studio(Cpu())
        else:
            from avatarium.render.gpu import Gpu

            _studios[id(gl)] = Studio(context.run(Gpu, gl))
    return _studios[id(gl)]


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
