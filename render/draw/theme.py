"""Two looks, light and dark: the colours of panels, of the building and of what lies behind it. All sRGB bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.worlds.core import colours
from avatarium.worlds.core.errors import UserError, nearest

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Surfaces:
    """What the building is made of."""

    wall: Colour
    wall_top: Colour
    plinth: Colour
    corridor: Colour
    tints: np.ndarray
    """uint8 [8, 3]: floors of rooms, by palette index."""
    wood: Colour
    wood_top: Colour
    screen: Colour
    screen_top: Colour
    pot: Colour
    leaf: Colour
    glass: Colour
    backdrop: np.ndarray
    """uint8 [5, 3]: behind a building, in the middle and at the rim; from within: the ground, the horizon, the zenith."""


@dataclass(frozen=True)
class Theme:
    """Colours of panels and words, and of the building that goes with them."""

    name: str
    ink: Colour
    muted: Colour
    """Of text that matters less; on paper and on wells it can be read as well."""
    paper: Colour
    well: Colour
    """Ground of what is set into a panel."""
    rail: Colour
    """Tracks on which bars and the timeline run, and hairlines within panels."""
    line: Colour
    """Edges of panels."""
    knob: Colour
    """Of the play button and of keycaps' text."""
    accent: Colour
    warning: Colour
    curves: Mapping[str, Colour]
    """Of curves, by what they show: value, intrinsic, extrinsic."""
    events: np.ndarray
    """uint8 [16, 3]: ticks on the timeline, by event kind."""
    sensed: Mapping[str, Colour]
    """What a ray met, as the sensor panel and the fan on the floor show it."""
    heat: np.ndarray
    """uint8 [3, 3]: where few, some and many steps were spent."""
    surfaces: Surfaces


_EVENTS = np.array(
    [
        [89, 161, 79], [214, 72, 72], [138, 146, 162], [92, 178, 172], [166, 140, 112], [242, 142, 43], [176, 122, 161], [78, 121, 167],
        [226, 120, 150], [212, 172, 40], [46, 84, 128], [150, 190, 70], [128, 84, 60], [70, 160, 214], [120, 90, 190], [90, 96, 108],
    ],
    np.uint8,
)  # fmt: skip

_DAY = Surfaces(
    wall=colours.WALL,
    wall_top=(134, 147, 170),
    plinth=(226, 228, 232),
    corridor=colours.CORRIDOR,
    tints=colours.TINTS,
    wood=colours.WOOD,
    wood_top=colours.WOOD_TOP,
    screen=colours.SCREEN,
    screen_top=colours.SCREEN_TOP,
    pot=(208, 134, 108),
    leaf=colours.LEAF,
    glass=colours.GLASS,
    backdrop=np.array([[246, 247, 249], [217, 222, 229], [222, 223, 224], [237, 241, 245], [189, 212, 235]], np.uint8),
)

_NIGHT = Surfaces(
    wall=(104, 112, 132),
    wall_top=(146, 160, 190),
    plinth=(56, 62, 76),
    corridor=(84, 88, 98),
    tints=(colours.TINTS.astype(np.float32) * (0.42, 0.43, 0.47) - (12, 10, 4)).clip(0, 255).astype(np.uint8),
    wood=(134, 108, 82),
    wood_top=(158, 130, 100),
    screen=(34, 40, 54),
    screen_top=(70, 84, 112),
    pot=(150, 96, 78),
    leaf=(78, 124, 84),
    glass=(120, 160, 190),
    backdrop=np.array([[38, 43, 55], [19, 22, 30], [36, 39, 47], [52, 60, 78], [24, 30, 46]], np.uint8),
)

LIGHT = Theme(
    name="light",
    ink=(38, 44, 56),
    muted=(92, 100, 116),
    paper=(255, 255, 255),
    well=(240, 243, 248),
    rail=(224, 229, 237),
    line=(214, 219, 228),
    knob=(38, 44, 56),
    accent=(54, 98, 158),
    warning=(180, 58, 48),
    curves={"value": (54, 98, 158), "intrinsic": (176, 92, 12), "extrinsic": (58, 122, 50)},
    events=_EVENTS,
    sensed={"wall": (140, 152, 174), "avatar": (242, 142, 43), "object": (156, 117, 95), "nothing": (214, 222, 234)},
    heat=np.array([[255, 206, 110], [240, 122, 60], [176, 34, 84]], np.uint8),
    surfaces=_DAY,
)

DARK = Theme(
    name="dark",
    ink=(232, 236, 244),
    muted=(168, 177, 194),
    paper=(32, 37, 48),
    well=(44, 50, 64),
    rail=(66, 74, 92),
    line=(66, 74, 92),
    knob=(232, 236, 244),
    accent=(134, 180, 240),
    warning=(246, 140, 128),
    curves={"value": (134, 180, 240), "intrinsic": (246, 178, 94), "extrinsic": (138, 206, 128)},
    events=np.clip(_EVENTS.astype(int) + 24, 0, 255).astype(np.uint8),
    sensed={"wall": (152, 164, 188), "avatar": (246, 160, 70), "object": (190, 150, 124), "nothing": (84, 94, 114)},
    heat=np.array([[120, 90, 190], [230, 110, 120], [255, 214, 120]], np.uint8),
    surfaces=_NIGHT,
)

THEMES: Mapping[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK)}


def theme(name: str) -> Theme:
    """The theme of that name. Raises UserError for another."""
    if name not in THEMES:
        raise UserError(f"there is no theme {name!r}: {nearest(name, THEMES)}")
    return THEMES[name]


def other(shown: Theme) -> Theme:
    """The theme that is not ``shown``."""
    return DARK if shown is LIGHT else LIGHT


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """Contrast ratio of two sRGB colours in bytes, 1 to 21, as the Web Content Accessibility Guidelines 2.1 define it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Sequence[float]) -> float:
    share = np.asarray(colour, np.float64) / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))
