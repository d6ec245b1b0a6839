"""Avatars and flags: small meshes drawn once per figure, placed by an instance each."""

import functools

import numpy as np

from avatarium.render import palette
from avatarium.render.geometry import VERTEX, ball, lathe

PART = np.dtype([("position", "f4", 3), ("normal", "f4", 3), ("colour", "f4", 3), ("own", "f4"), ("limb", "f4")])
"""A vertex of a figure: ``own`` 1 multiplies the colour by the figure's own; ``limb`` is -1 for the right hand, 1 for the left, else 0."""

INSTANCE = np.dtype([("pose", "f4", 4), ("colour", "f4", 3), ("limbs", "f4", 3), ("size", "f4")])
"""Where a figure stands: x, y, z, heading; linear colour; swing of the hands, lift of the left and of the right one (m); scale."""

EYE_HEIGHT_M = 1.06


def _part(mesh: np.ndarray, own: float, limb: float = 0.0) -> np.ndarray:
    out = np.zeros(len(mesh), PART)
    for name in ("position", "normal", "colour"):
        out[name] = mesh[name]
    out["own"], out["limb"] = own, limb
    return out


@functools.cache
def avatar_mesh() -> np.ndarray:
    """A friendly body of revolution that looks along +x: PART vertices, 1.27 m high, 0.26 m in radius."""
    own, shade = np.ones(3, np.float32), np.full(3, 0.88, np.float32)
    white, black = np.full(3, 0.92, np.float32), np.full(3, 0.012, np.float32)
    body = [
        (0.18, 0.0),
        (0.245, 0.035),
        (0.262, 0.11),
        (0.258, 0.26),
        (0.235, 0.46),
        (0.19, 0.68),
        (0.145, 0.82),
        (0.09, 0.88),
        (0.0, 0.9),
    ]
    head = [(0.2 * float(np.cos(a)), 1.045 + 0.205 * float(np.sin(a))) for a in np.linspace(-np.pi / 2, np.pi / 2, 9)]
    parts = [_part(lathe(body, own, 20), 1.0), _part(lathe(head, own * 1.06, 20), 1.0)]
    for side in (-1.0, 1.0):
        parts += [
            _part(ball(0.062, (0.15, 0.08 * side, EYE_HEIGHT_M + 0.015), white, 10), 0.0),
            _part(ball(0.036, (0.192, 0.083 * side, EYE_HEIGHT_M + 0.018), black, 8), 0.0),
            _part(ball(0.075, (0.05, 0.265 * side, 0.5), shade, 8), 1.0, side),
        ]
    return np.concatenate(parts)


@functools.cache
def flag_mesh() -> np.ndarray:
    """A pennant on a pole, 1.35 m high: PART vertices; the cloth takes the figure's colour."""
    pole = _part(lathe([(0.022, 0.0), (0.022, 1.33), (0.0, 1.35)], np.full(3, 0.75, np.float32), 8), 0.0)
    foot = _part(lathe([(0.0, 0.05), (0.09, 0.03), (0.11, 0.0)][::-1], np.full(3, 0.75, np.float32), 12), 0.0)
    tip, top, bottom = (0.62, 0.0, 1.13), (0.0, 0.0, 1.32), (0.0, 0.0, 0.94)
    cloth = np.zeros(6, VERTEX)
    cloth["position"] = [top, bottom, tip, top, tip, bottom]
    cloth["normal"] = [(0.2, -0.9, 0.4)] * 3 + [(0.2, 0.9, 0.4)] * 3
    cloth["colour"] = 1.05
    return np.concatenate([pole, foot, _part(cloth, 1.0)])


def place(mesh: np.ndarray, instances: np.ndarray) -> np.ndarray:
    """Every instance of ``mesh`` in world coordinates, VERTEX [A V]: what the shader of figures does, for the CPU."""
    out = np.zeros((len(instances), len(mesh)), VERTEX)
    cos, sin = np.cos(instances["pose"][:, 3:4]), np.sin(instances["pose"][:, 3:4])
    size = instances["size"][:, None]
    local = np.broadcast_to(mesh["position"], (len(instances), len(mesh), 3)).copy()
    swing, left, right = (instances["limbs"][:, i : i + 1] for i in range(3))
    limb = mesh["limb"][None]
    local[..., 0] += limb * swing
    local[..., 2] += np.where(limb > 0, left, np.where(limb < 0, right, 0.0))
    for name, vector, scale in (("position", local, size), ("normal", np.broadcast_to(mesh["normal"], local.shape), 1.0)):
        out[name][..., 0] = (vector[..., 0] * cos - vector[..., 1] * sin) * scale
        out[name][..., 1] = (vector[..., 0] * sin + vector[..., 1] * cos) * scale
        out[name][..., 2] = vector[..., 2] * scale
    out["position"] += instances["pose"][:, None, :3]
    out["colour"] = mesh["colour"] * np.where(mesh["own"][None, :, None] > 0, instances["colour"][:, None], 1.0)
    out["light"] = 0.62 + 0.38 * np.clip(out["position"][..., 2] / 0.5, 0, 1)
    return out.reshape(-1)


def avatar_instances(figures: np.ndarray, time_s: float) -> np.ndarray:
    """INSTANCE [A] for ``Scene.figures``: hands swing and the body bobs with walking speed; a gesture lifts the right hand."""
    out = np.zeros(len(figures), INSTANCE)
    stride = np.minimum(figures["speed"], 1.5) / 1.5
    phase = time_s * 7.0 + np.arange(len(figures)) * 1.7
    out["pose"][:, 0], out["pose"][:, 1], out["pose"][:, 3] = figures["x"], figures["y"], figures["heading"]
    out["pose"][:, 2] = 0.03 * stride * np.abs(np.sin(phase))
    out["limbs"][:, 0] = 0.13 * stride * np.sin(phase)
    lifted = figures["gesture"] > 0
    out["limbs"][:, 2] = np.where(lifted, 0.45 + 0.06 * np.sin(time_s * 9.0), 0.0)
    out["colour"] = palette.linear(palette.PEOPLE)[figures["colour"] % len(palette.PEOPLE)]
    out["size"] = 1.0
    return out


def flag_instances(goals: np.ndarray, time_s: float) -> np.ndarray:
    """INSTANCE [G] for ``Scene.goals``; flags sway a little."""
    out = np.zeros(len(goals), INSTANCE)
    out["pose"][:, :2] = goals[:, :2]
    out["pose"][:, 3] = 0.35 + 0.12 * np.sin(time_s * 2.0 + np.arange(len(goals)))
    out["colour"] = palette.linear(palette.PEOPLE)[goals[:, 2].astype(int) % len(palette.PEOPLE)]
    out["size"] = 1.0
    return out
