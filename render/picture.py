"""Everything in one frame, as plain arrays: what a renderer is given, and the contract that renderers keep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from avatarium.render import building, figures, overlays
from avatarium.render.building import Building
from avatarium.render.camera import Camera
from avatarium.render.geometry import FLAT
from avatarium.render.sheet import Sheet
from avatarium.worlds.core.scene import Scene


@dataclass(frozen=True)
class Sight:
    """What an avatar senses by rays: directions [R] (rad, absolute), lengths [R] (m), and what each met (keys of palette.SENSED)."""

    angles: np.ndarray
    reach_m: np.ndarray
    met: tuple[str, ...]


@dataclass(frozen=True)
class Emphasis:
    """What a viewer adds to a scene: whom it follows, trails by figure index (points [P, 2], oldest first), sight, and the time."""

    chosen: int = -1
    trails: Mapping[int, np.ndarray] = field(default_factory=dict)
    sight: Sight | None = None
    time_s: float = 0.0


@dataclass(frozen=True)
class Picture:
    """A frame to draw: the level, instances of avatars and flags, blended triangles on the floor, and a sheet of flat drawing on top."""

    building: Building
    avatars: np.ndarray
    flags: np.ndarray
    overlays: np.ndarray
    sheet: Sheet | None = None


@dataclass(frozen=True)
class Quality:
    """What a frame may cost: samples per pixel, side of the shadow map (0 for none), and whether avatars throw shadows in it."""

    samples: int = 4
    shadow: int = 2048
    moving_shadows: bool = True


class Canvas(Protocol):
    """A renderer."""

    name: str

    def draw(self, picture: Picture, camera: Camera, width: int, height: int, quality: Quality) -> np.ndarray:
        """The frame as uint8 [height, width, 3], sRGB, row 0 at the top."""


class Composer:
    """Turns scenes into pictures and keeps the meshes of the last few levels."""

    def __init__(self) -> None:
        self._buildings: dict[bytes, Building] = {}

    def level(self, scene: Scene) -> Building:
        """The scene's building, made anew only when its walls or floors have changed."""
        at = building.key(scene)
        if at not in self._buildings:
            if len(self._buildings) > 3:
                self._buildings.pop(next(iter(self._buildings)))
            self._buildings[at] = building.build(scene)
        return self._buildings[at]

    def compose(self, scene: Scene, camera: Camera, emphasis: Emphasis, sheet: Sheet | None = None) -> Picture:
        """The picture of a scene; the figure whose eyes the camera is in is left out."""
        avatars = figures.avatar_instances(scene.figures, emphasis.time_s)
        shown = np.arange(len(avatars)) != camera.hides
        return Picture(
            self.level(scene), avatars[shown], figures.flag_instances(scene.goals, emphasis.time_s), _marks(scene, camera, emphasis), sheet
        )


def _marks(scene: Scene, camera: Camera, emphasis: Emphasis) -> np.ndarray:
    chosen, parts = emphasis.chosen, [np.zeros(0, FLAT)]
    if emphasis.sight is not None and 0 <= chosen < len(scene.figures) and camera.hides < 0:
        me, s = scene.figures[chosen], emphasis.sight
        parts.append(overlays.fan(float(me["x"]), float(me["y"]), s.angles, s.reach_m, s.met))
    mine = int(scene.figures["colour"][chosen]) if 0 <= chosen < len(scene.figures) else -1
    parts.append(overlays.spots(scene.spots))
    parts.append(overlays.goals(scene.goals, scene.goals[:, 2] == mine, emphasis.time_s))
    for index, points in emphasis.trails.items():
        parts.append(overlays.trail(points, int(scene.figures["colour"][index]), index == chosen))
    shown = np.arange(len(scene.figures)) != camera.hides
    parts.append(overlays.footprints(scene.figures[shown], np.flatnonzero(shown) == chosen))
    return np.concatenate(parts)
