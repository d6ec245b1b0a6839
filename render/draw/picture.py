"""Everything in one frame, as plain arrays: what a renderer is given, and the contract that renderers keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from avatarium.render.draw import building, figures, geometry, overlays, palette
from avatarium.render.draw.building import Building
from avatarium.render.draw.camera import Camera
from avatarium.render.draw.geometry import FLAT
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.theme import LIGHT, Theme
from avatarium.worlds.core.scene import Scene


@dataclass(frozen=True)
class Sight:
    """What an avatar senses by rays: directions [R] (rad, absolute), lengths [R] (m), and what each met (keys of ``Theme.sensed``)."""

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
    own_goal: bool = True
    """Whether a goal in the colour of the avatar that is followed is its own."""
    marks: Sequence[np.ndarray] = ()
    """More FLAT triangles on the floor, below those of everybody's feet."""


@dataclass(frozen=True)
class Picture:
    """A scene to draw: the level, instances of avatars, flags and fruit, bars, blended triangles on the floor, and what lies behind."""

    building: Building
    avatars: np.ndarray
    flags: np.ndarray
    fruit: np.ndarray
    beams: np.ndarray
    """VERTEX: bars, which stand at their full height."""
    overlays: np.ndarray
    backdrop: np.ndarray
    """float32 [5, 3], sRGB in [0, 1]: see ``Surfaces.backdrop``."""


@dataclass(frozen=True)
class View:
    """A picture through a camera, in a part of the frame: x, y, width, height (px from the top left)."""

    picture: Picture
    camera: Camera
    area: tuple[int, int, int, int]

    def within(self, across: float, down: float) -> tuple[int, int, int, int]:
        """The area in a frame that is so many times as wide and as high."""
        x, y, width, height = self.area
        left, top = round(x * across), round(y * down)
        return left, top, max(1, round((x + width) * across) - left), max(1, round((y + height) * down) - top)


@dataclass(frozen=True)
class Quality:
    """What a frame may cost: samples per pixel, side of the shadow map (0 for none), whether avatars throw shadows in it, and how fine
    the picture under panels and words is (pixels drawn for one shown, along each side)."""

    samples: int = 4
    shadow: int = 2048
    moving_shadows: bool = True
    detail: float = 1.0


def drawn_size(width: int, height: int, detail: float) -> tuple[int, int]:
    """Size (px) at which a frame of ``width`` x ``height`` is drawn under its panels."""
    return max(8, round(width * detail)), max(8, round(height * detail))


class Canvas(Protocol):
    """A renderer."""

    name: str

    def draw(self, views: Sequence[View], width: int, height: int, quality: Quality, sheet: Sheet | None = None) -> np.ndarray:
        """The frame as uint8 [height, width, 3], sRGB, row 0 at the top: views that cover it, and a sheet of flat drawing on top."""


class Composer:
    """Turns scenes into pictures and keeps the meshes of the last few levels."""

    def __init__(self) -> None:
        self._buildings: dict[bytes, Building] = {}

    def level(self, scene: Scene, theme: Theme = LIGHT) -> Building:
        """The scene's building, made anew only when its walls or floors have changed."""
        at = building.key(scene, theme)
        if at not in self._buildings:
            if len(self._buildings) > 5:
                self._buildings.pop(next(iter(self._buildings)))
            self._buildings[at] = building.build(scene, theme)
        return self._buildings[at]

    def compose(self, scene: Scene, camera: Camera, emphasis: Emphasis, theme: Theme = LIGHT) -> Picture:
        """The picture of a scene; the figure whose eyes the camera is in is left out."""
        avatars = figures.avatar_instances(scene.figures, emphasis.time_s)
        shown = np.arange(len(avatars)) != camera.hides
        return Picture(
            building=self.level(scene, theme),
            avatars=avatars[shown],
            flags=figures.flag_instances(scene.goals, emphasis.time_s),
            fruit=figures.fruit_instances(scene.spots),
            beams=geometry.beams(scene.beams[:, :7], palette.linear(palette.PEOPLE)[scene.beams[:, 7].astype(int) % len(palette.PEOPLE)]),
            overlays=_marks(scene, camera, emphasis, theme),
            backdrop=theme.surfaces.backdrop.astype(np.float32) / np.float32(255),
        )


def _marks(scene: Scene, camera: Camera, emphasis: Emphasis, theme: Theme) -> np.ndarray:
    chosen, parts = emphasis.chosen, [np.zeros(0, FLAT), *emphasis.marks]
    if emphasis.sight is not None and 0 <= chosen < len(scene.figures) and camera.hides < 0:
        me, s = scene.figures[chosen], emphasis.sight
        parts.append(overlays.fan(float(me["x"]), float(me["y"]), s.angles, s.reach_m, s.met, theme.sensed))
    mine = int(scene.figures["colour"][chosen]) if emphasis.own_goal and 0 <= chosen < len(scene.figures) else -1
    parts.append(overlays.goals(scene.goals, scene.goals[:, 2] == mine, emphasis.time_s))
    for index, points in emphasis.trails.items():
        parts.append(overlays.trail(points, int(scene.figures["colour"][index]), index == chosen))
    shown = np.arange(len(scene.figures)) != camera.hides
    parts.append(overlays.footprints(scene.figures[shown], np.flatnonzero(shown) == chosen))
    return np.concatenate(parts)
