"""What there is to draw at one moment, as data: worlds describe, the renderer draws."""

from dataclasses import dataclass, field

import numpy as np

BOX_KINDS = ("wall", "glass", "furniture", "plant", "screen")
"""What a box is made of; the index is ``Scene.box_kinds``."""

FIGURE = np.dtype(
    [("x", "f4"), ("y", "f4"), ("heading", "f4"), ("speed", "f4"), ("colour", "u1"), ("role", "u1"), ("gesture", "u1"), ("word", "u1")],
)
"""An avatar as drawn: position (m), heading (rad), speed (m/s), palette index, role index, gesture and word (0 = none)."""


@dataclass(frozen=True)
class Label:
    """A text at a place: (x, y, z) in metres."""

    x_m: float
    y_m: float
    z_m: float
    text: str


@dataclass(frozen=True)
class Scene:
    """One environment at one moment. Metres; x to the right, y up the plan, z up; angles in rad from the x axis."""

    bounds: tuple[float, float, float, float]
    """x0, y0, x1, y1 of the whole floor (m)."""
    boxes: np.ndarray
    """float32 [B, 6]: x0, y0, x1, y1, z0, z1 (m)."""
    box_kinds: np.ndarray
    """uint8 [B]: index into ``BOX_KINDS``."""
    floors: np.ndarray
    """float32 [F, 4]: rectangles x0, y0, x1, y1 (m) with a tint of their own, one per room."""
    floor_tints: np.ndarray
    """uint8 [F]: palette index of each rectangle."""
    figures: np.ndarray
    """FIGURE [A]: the avatars that are present."""
    names: tuple[str, ...]
    """A name for each figure."""
    goals: np.ndarray
    """float32 [G, 3]: x, y (m) and palette index of places to go to."""
    labels: tuple[Label, ...] = ()
    spots: np.ndarray = field(default_factory=lambda: np.zeros((0, 5), np.float32))
    """float32 [S, 5]: x, y, z, radius (m) and palette index of round things such as fruit, that may come and go from step to step."""
    beams: np.ndarray = field(default_factory=lambda: np.zeros((0, 8), np.float32))
    """float32 [L, 8]: x, y, z of one end and of the other, width (m) and palette index of straight bars, such as links, posts and gauges,
    that may come and go, move and grow from step to step. No camera cuts them."""
    notes: dict[str, str] = field(default_factory=dict)
    """Short facts for a viewer's panel, such as the time left."""
