"""Colours of things, sRGB bytes: what avatars see of one another and what people see of them."""

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
        [221, 232, 240], [242, 229, 219], [224, 236, 219], [236, 226, 240], [243, 239, 217], [219, 238, 234], [240, 223, 226],
        [229, 231, 236],
    ],
    np.uint8,
)  # fmt: skip
"""uint8 [8, 3]: floors of rooms, by palette index."""

CORRIDOR = (240, 238, 234)
WALL = (238, 235, 230)
GLASS = (176, 208, 226)
WOOD, WOOD_TOP = (203, 168, 128), (222, 193, 156)
SCREEN, SCREEN_TOP = (58, 66, 82), (84, 96, 118)
LEAF = (116, 166, 112)
