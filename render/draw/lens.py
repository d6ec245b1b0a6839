"""Places of the world on a sheet: a camera, and the part of the sheet that it fills."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.render.draw.camera import Camera
from avatarium.render.draw.sheet import Rect, Sheet


@dataclass(frozen=True)
class Lens:
    """Projects onto a sheet; ``area`` is x, y, width, height in points."""

    camera: Camera
    area: Rect

    def project(self, points: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Points [P, 3] (m) as float64 [P, 3]: x and y on the sheet (points), and depth (m; negative behind the camera)."""
        x, y, width, height = self.area
        return self.camera.project(points, width, height) + (x, y, 0.0)

    def holds(self, found: np.ndarray, border: float = 0.0) -> np.ndarray:
        """bool [P]: which of the projected points lie before the camera and in the area, ``border`` points from its edge."""
        x, y, width, height = self.area
        across = (found[:, 0] >= x + border) & (found[:, 0] < x + width - border)
        inside: np.ndarray = across & (found[:, 1] >= y + border) & (found[:, 1] < y + height - border) & (found[:, 2] > 0.5)
        return inside


def whole(camera: Camera, sheet: Sheet) -> Lens:
    """A camera that fills the sheet."""
    return Lens(camera, (0.0, 0.0, sheet.width, sheet.height))
