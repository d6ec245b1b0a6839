"""Colours of everything drawn: sRGB bytes here, linear light where they are shaded."""

import numpy as np

PEOPLE = np.array(
    [
        [78, 121, 167], [242, 142, 43], [89, 161, 79], [225, 87, 89], [92, 178, 172], [230, 188, 58], [176, 122, 161], [255, 140, 152],
        [156, 117, 95], [58, 96, 130], [140, 190, 225], [255, 178, 105], [130, 200, 115], [205, 152, 190], [110, 102, 108], [205, 100, 140],
    ],
    np.uint8,
)  # fmt: skip
"""uint8 [16, 3]: avatars and their goals, by palette index; neighbours differ in lightness too, for eyes that confuse red and green."""

TINTS = np.array(
    [
        [221, 232, 240],
        [242, 229, 219],
        [224, 236, 219],
        [236, 226, 240],
        [243, 239, 217],
        [219, 238, 234],
        [240, 223, 226],
        [229, 231, 236],
    ],
    np.uint8,
)
"""uint8 [8, 3]: floors of rooms, by palette index."""

CORRIDOR = (240, 238, 234)
WALL_SIDE, WALL_TOP = (238, 235, 230), (134, 147, 170)
PLINTH = (226, 228, 232)
WOOD, WOOD_TOP = (203, 168, 128), (222, 193, 156)
SCREEN, SCREEN_TOP = (58, 66, 82), (84, 96, 118)
POT, LEAF = (208, 134, 108), (116, 166, 112)
GLASS = (176, 208, 226)

INK, MUTED, PAPER, LINE = (38, 44, 56), (112, 120, 136), (255, 255, 255), (214, 219, 228)
ACCENT, WARNING = (62, 108, 168), (196, 72, 60)
SENSED = {"wall": (140, 152, 174), "avatar": (242, 142, 43), "object": (156, 117, 95), "nothing": (214, 222, 234)}
"""What a ray met, as the sensor panel and the fan on the floor show it."""

EVENTS = np.array(
    [[89, 161, 79], [214, 72, 72], [150, 158, 172], [92, 178, 172], [166, 148, 130], [242, 142, 43], [176, 122, 161], [78, 121, 167]],
    np.uint8,
)
"""uint8 [8, 3]: ticks on the timeline, by event kind."""


def person(index: int) -> tuple[int, int, int]:
    """The sRGB colour of a palette index."""
    r, g, b = PEOPLE[index % len(PEOPLE)].tolist()
    return r, g, b


def linear(colour: object) -> np.ndarray:
    """sRGB bytes [..., 3] as linear light, float32 in [0, 1]."""
    return ((np.asarray(colour, np.float32) / 255.0) ** 2.2).astype(np.float32)
