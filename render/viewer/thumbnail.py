"""What an avatar sees, as a small picture that is drawn anew every few frames."""

import numpy as np

from avatarium.render.draw import camera as cameras
from avatarium.render.draw.frames import Studio, pose
from avatarium.render.draw.picture import Emphasis, Quality, View
from avatarium.render.draw.theme import Theme
from avatarium.worlds.core.scene import Scene

_EVERY = 4
"""Frames for which a picture is good, so that it costs little beside the large one."""


class Thumbnail:
    """The view through one avatar's eyes."""

    def __init__(self) -> None:
        self._picture: np.ndarray | None = None
        self._at: tuple[float, str, str, int] | None = None
        self._age = 0

    def picture(self, studio: Studio, scene: Scene, figure: int, now: float, theme: Theme, side: int) -> np.ndarray:
        """The picture, uint8 [side, side, 3]; at once for another avatar, else when the last one has served for a while."""
        at = (now, scene.names[figure], theme.name, side)
        self._age += 1
        if self._picture is None or self._at is None or at[1:] != self._at[1:] or (at != self._at and self._age >= _EVERY):
            camera = cameras.first_person(*pose(scene, figure), figure)
            picture = studio.composer.compose(scene, camera, Emphasis(own_goal=False, time_s=now * 0.1), theme)
            cheap = Quality(1, studio.quality.shadow, False)
            drawn = studio.canvas.draw([View(picture, camera, (0, 0, side, side))], side, side, cheap)
            self._picture, self._at, self._age = drawn, at, 0
        return self._picture
