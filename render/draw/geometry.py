"""Meshes as arrays of vertices, three in a row to a triangle, counter-clockwise seen from outside."""

from collections.abc import Sequence

import numpy as np

VERTEX = np.dtype([("position", "f4", 3), ("normal", "f4", 3), ("colour", "f4", 3), ("light", "f4")])
"""A lit vertex: position (m), unit normal, linear colour, and the share of sky light that reaches it."""

FLAT = np.dtype([("position", "f4", 3), ("colour", "f4", 4)])
"""A vertex of a transparent overlay, not lit: position (m), sRGB colour and opacity in [0, 1]."""

_QUAD = np.array([0, 1, 2, 0, 2, 3])
_FACES = (
    ((1.0, 0.0, 0.0), ((1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1))),
    ((-1.0, 0.0, 0.0), ((0, 1, 0), (0, 0, 0), (0, 0, 1), (0, 1, 1))),
    ((0.0, 1.0, 0.0), ((1, 1, 0), (0, 1, 0), (0, 1, 1), (1, 1, 1))),
    ((0.0, -1.0, 0.0), ((0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1))),
    ((0.0, 0.0, 1.0), ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1))),
)
_UNDERSIDE = ((0.0, 0.0, -1.0), ((0, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)))


def boxes(extents: np.ndarray, side: np.ndarray, top: np.ndarray, foot_light: float = 0.66) -> np.ndarray:
    """Axis-aligned boxes [B, 6] (x0, y0, x1, y1, z0, z1) without their undersides, VERTEX [30 B]; sides darken towards the foot."""
    e = np.asarray(extents, np.float32).reshape(-1, 6)
    low, high = e[:, [0, 1, 4]], e[:, [2, 3, 5]]
    out = np.zeros((len(e), 5, 6), VERTEX)
    for face, (normal, corners) in enumerate(_FACES):
        pick = np.array(corners, bool)[_QUAD]
        out["position"][:, face] = np.where(pick, high[:, None], low[:, None])
        out["normal"][:, face] = normal
        out["colour"][:, face] = top if normal[2] else side
        out["light"][:, face] = 1.0 if normal[2] else np.where(pick[:, 2], 1.0, foot_light)
    return out.reshape(-1)


def beams(rows: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Straight bars with a square section, VERTEX [36 L]; rows [L, 7] are x, y, z of both ends and the width (m).

    ``colours``: linear, [L, 3].
    """
    r = np.asarray(rows, np.float32)
    along = r[:, 3:6] - r[:, :3]
    length = np.linalg.norm(along, axis=1, keepdims=True)
    ahead = np.where(length > 0, along / np.maximum(length, 1e-9), (1.0, 0.0, 0.0))
    side = np.cross(np.where(np.abs(ahead[:, 2:]) > 0.9, (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)), ahead)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    frame = np.stack([ahead, side, np.cross(ahead, side)], axis=1)
    size = np.concatenate([length, r[:, 6:7], r[:, 6:7]], axis=1)
    out = np.zeros((len(r), 6, 6), VERTEX)
    for face, (normal, corners) in enumerate((*_FACES, _UNDERSIDE)):
        local = (np.array(corners, np.float32)[_QUAD] - (0.0, 0.5, 0.5))[None] * size[:, None]
        out["position"][:, face] = r[:, None, :3] + local @ frame
        out["normal"][:, face] = (np.array(normal) @ frame)[:, None]
    out["colour"], out["light"] = np.asarray(colours)[:, None, None], 1.0
    return out.reshape(-1)


def lathe(profile: Sequence[tuple[float, float]], colour: np.ndarray, segments: int = 20, foot_light: float = 1.0) -> np.ndarray:
    """A body of revolution about the z axis; ``profile`` lists (radius, z) from bottom to top. VERTEX [6 (P - 1) segments]."""
    p = np.asarray(profile, np.float32)
    slope = np.gradient(p, axis=0)
    turn = np.linspace(0, 2 * np.pi, segments + 1)
    ring = np.stack([np.cos(turn), np.sin(turn)], 1).astype(np.float32)
    point = np.concatenate([p[:, None, :1] * ring, np.broadcast_to(p[:, None, 1:], (len(p), segments + 1, 1))], 2)
    normal = np.concatenate([slope[:, None, 1:] * ring, np.broadcast_to(-slope[:, None, :1], (len(p), segments + 1, 1))], 2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True) + 1e-9
    out = np.zeros((len(p) - 1, segments, 6), VERTEX)
    for name, grid in (("position", point), ("normal", normal)):
        corners = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], 2)
        out[name] = corners[:, :, _QUAD]
    out["colour"] = colour
    out["light"] = np.clip(foot_light + (1 - foot_light) * out["position"][..., 2] * 2.5, 0, 1)
    return out.reshape(-1)


def ball(radius: float, centre: tuple[float, float, float], colour: np.ndarray, segments: int = 12, squash: float = 1.0) -> np.ndarray:
    """A sphere, or an ellipsoid ``squash`` times as high as it is wide. VERTEX [36 segments], fewer for small ones."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 7 if segments > 8 else 5)
    mesh = lathe([(float(radius * np.cos(a)), float(squash * radius * np.sin(a))) for a in angles], colour, segments)
    return moved(mesh, centre)


def moved(mesh: np.ndarray, offset: tuple[float, float, float], scale: float = 1.0) -> np.ndarray:
    """A copy of ``mesh``, scaled and then shifted (m)."""
    out = mesh.copy()
    out["position"] = out["position"] * np.float32(scale) + np.asarray(offset, np.float32)
    return out


def flat_quads(corners: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Quads from corners [Q, 4, 3] and colours [Q, 4, 4] (or what broadcasts to that), FLAT [6 Q]."""
    c = np.asarray(corners, np.float32)
    out = np.zeros((len(c), 6), FLAT)
    out["position"] = c[:, _QUAD]
    out["colour"] = np.broadcast_to(np.asarray(colours, np.float32), (len(c), 4, 4))[:, _QUAD]
    return out.reshape(-1)
