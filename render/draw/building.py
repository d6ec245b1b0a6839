"""The part of a scene that stands still: walls, furniture and floors as meshes, with sky light baked in."""

from dataclasses import dataclass

import numpy as np

from avatarium.render.draw import palette
from avatarium.render.draw.geometry import FLAT, VERTEX, ball, boxes, flat_quads, lathe, moved
from avatarium.render.draw.theme import LIGHT, Surfaces, Theme
from avatarium.worlds.core.scene import BOX_KINDS, Scene

TEXELS_PER_M = 10.0
MAX_TEXELS = 2048
PLINTH_M = 0.32
"""How far the base plate reaches below the floor."""


@dataclass(frozen=True)
class Building:
    """Meshes of one level; the same scene geometry gives the same ``key``."""

    key: bytes
    bounds: tuple[float, float, float, float]
    solid: np.ndarray
    """VERTEX: walls, furniture, base plate."""
    glass: np.ndarray
    """FLAT: panes, to be blended."""
    shade: np.ndarray
    """FLAT: the soft shadow of the base plate on the table it stands on."""
    floor_map: np.ndarray
    """uint8 [h, w, 4], row 0 at y0: sRGB tint of the floor and, in the fourth channel, its sky light."""
    height_m: float


def key(scene: Scene, theme: Theme = LIGHT) -> bytes:
    """What a level's meshes depend on, as bytes to compare."""
    parts = (scene.boxes, scene.box_kinds, scene.floors, scene.floor_tints, np.asarray(scene.bounds, np.float32))
    return b"|".join([theme.name.encode(), *(np.ascontiguousarray(p).tobytes() for p in parts)])


def build(scene: Scene, theme: Theme = LIGHT) -> Building:
    """Make the meshes of a scene's level; takes some 20 ms, so keep the result while ``key`` stays the same."""
    of_kind = {name: scene.boxes[scene.box_kinds == i] for i, name in enumerate(BOX_KINDS)}
    made = theme.surfaces
    solid = [
        _plinth(scene.bounds, made),
        boxes(of_kind["wall"], palette.linear(made.wall), palette.linear(made.wall_top)),
        boxes(of_kind["furniture"], palette.linear(made.wood), palette.linear(made.wood_top)),
        boxes(of_kind["screen"], palette.linear(made.screen), palette.linear(made.screen_top)),
        *(_plant(box, made) for box in of_kind["plant"]),
    ]
    return Building(
        key=key(scene, theme),
        bounds=scene.bounds,
        solid=np.concatenate(solid),
        glass=_panes(of_kind["glass"], made),
        shade=_contact_shadow(scene.bounds),
        floor_map=_floor_map(scene, made),
        height_m=float(scene.boxes[:, 5].max()) if len(scene.boxes) else 1.0,
    )


def _plinth(bounds: tuple[float, float, float, float], made: Surfaces) -> np.ndarray:
    x0, y0, x1, y1 = bounds
    rim = 0.12
    plate = boxes(
        np.array([[x0 - rim, y0 - rim, x1 + rim, y1 + rim, -PLINTH_M, -0.02]]), palette.linear(made.plinth), palette.linear(made.wall_top)
    )
    plate["light"] = np.where(plate["position"][:, 2] < -0.1, 0.8, 1.0)
    return plate


def _plant(box: np.ndarray, made: Surfaces) -> np.ndarray:
    x0, y0, x1, y1, z0, z1 = (float(v) for v in box)
    r, high = min(x1 - x0, y1 - y0) / 2, max(z1 - z0, 0.3)
    pot = lathe(
        [(0.0, 0.0), (0.55 * r, 0.0), (0.75 * r, 0.35 * high), (0.66 * r, 0.36 * high), (0.0, 0.34 * high)],
        palette.linear(made.pot),
        16,
        0.7,
    )
    leaf = palette.linear(made.leaf)
    crown = [
        ball(r * size, (r * dx, r * dy, high * z), leaf * tone, 10, 0.9)
        for dx, dy, z, size, tone in (
            (0.25, 0.1, 0.52, 0.75, 0.85),
            (-0.3, 0.2, 0.62, 0.65, 0.95),
            (0.05, -0.3, 0.7, 0.62, 1.05),
            (0, 0, 0.85, 0.5, 1.2),
        )
    ]
    return moved(np.concatenate([pot, *crown]), ((x0 + x1) / 2, (y0 + y1) / 2, z0))


def _panes(extents: np.ndarray, made: Surfaces) -> np.ndarray:
    if not len(extents):
        return np.zeros(0, FLAT)
    solid = boxes(extents, palette.linear(made.glass), palette.linear(made.glass))
    pane = np.zeros(len(solid), FLAT)
    pane["position"] = solid["position"]
    pane["colour"][:, :3] = np.array(made.glass) / 255.0
    pane["colour"][:, 3] = np.where(solid["normal"][:, 2] > 0.5, 0.85, 0.30)
    return pane


def _contact_shadow(bounds: tuple[float, float, float, float]) -> np.ndarray:
    """A frame of quads round the base plate that fades outwards, offset away from the sun."""
    x0, y0, x1, y1 = bounds
    inner = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    away = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    rings, dark = (0.0, 0.3, 0.8, 1.6), (0.26, 0.14, 0.05, 0.0)
    corners, colours = [], []
    for near, far, a, b in zip(rings, rings[1:], dark, dark[1:], strict=False):
        p, q = inner + away * near, inner + away * far
        for i in range(4):
            j = (i + 1) % 4
            corners.append([[*p[i], -PLINTH_M], [*q[i], -PLINTH_M], [*q[j], -PLINTH_M], [*p[j], -PLINTH_M]])
            colours.append([[0.22, 0.25, 0.34, a], [0.22, 0.25, 0.34, b], [0.22, 0.25, 0.34, b], [0.22, 0.25, 0.34, a]])
    return flat_quads(np.array(corners), np.array(colours))


def _floor_map(scene: Scene, made: Surfaces) -> np.ndarray:
    x0, y0, x1, y1 = scene.bounds
    scale = min(TEXELS_PER_M, MAX_TEXELS / max(x1 - x0, y1 - y0, 1e-3))
    w, h = max(2, round((x1 - x0) * scale)), max(2, round((y1 - y0) * scale))
    out = np.empty((h, w, 4), np.uint8)
    out[..., :3] = made.corridor
    x, y = x0 + (np.arange(w) + 0.5) * (x1 - x0) / w, y0 + (np.arange(h) + 0.5) * (y1 - y0) / h
    for (fx0, fy0, fx1, fy1), tint in zip(scene.floors, scene.floor_tints, strict=True):
        inside = np.ix_((y >= fy0) & (y < fy1), (x >= fx0) & (x < fx1))
        out[..., :3][inside] = made.tints[int(tint) % len(made.tints)]
    out[..., 3] = np.clip(255 * (1 - 1.5 * _blocked(scene, w, h)), 90, 255)
    return out


def _blocked(scene: Scene, w: int, h: int) -> np.ndarray:
    """Share of the sky that boxes hide from each floor texel, roughly: their footprints, blurred. float32 [h, w]."""
    x0, y0, x1, y1 = scene.bounds
    sx, sy = w / (x1 - x0), h / (y1 - y0)
    cover = np.zeros((h, w), np.float32)
    for bx0, by0, bx1, by1, z0, _ in scene.boxes:
        if z0 > 0.5:
            continue
        column = np.clip(np.minimum((bx1 - x0) * sx, np.arange(w) + 1) - np.maximum((bx0 - x0) * sx, np.arange(w)), 0, 1)
        row = np.clip(np.minimum((by1 - y0) * sy, np.arange(h) + 1) - np.maximum((by0 - y0) * sy, np.arange(h)), 0, 1)
        np.maximum(cover, np.outer(row, column), out=cover)
    for radius_m in (0.22, 0.3, 0.42):
        cover = _box_blur(_box_blur(cover, max(1, round(radius_m * sx))).T, max(1, round(radius_m * sy))).T
    return cover


def _box_blur(image: np.ndarray, radius: int) -> np.ndarray:
    """Running mean over 2 radius + 1 columns, float32 like ``image``."""
    padded = np.pad(image, ((0, 0), (radius + 1, radius)), mode="edge")
    total = np.cumsum(padded, axis=1, dtype=np.float64)
    size = 2 * radius + 1
    mean: np.ndarray = ((total[:, size:] - total[:, :-size]) / size).astype(np.float32)
    return mean


def floor_quad(bounds: tuple[float, float, float, float]) -> np.ndarray:
    """Two triangles that carry the floor map, VERTEX [6]."""
    x0, y0, x1, y1 = bounds
    out = np.zeros(6, VERTEX)
    out["position"] = np.array([[x0, y0, 0], [x1, y0, 0], [x1, y1, 0], [x0, y0, 0], [x1, y1, 0], [x0, y1, 0]], np.float32)
    out["normal"] = (0.0, 0.0, 1.0)
    out["colour"], out["light"] = 1.0, 1.0
    return out
