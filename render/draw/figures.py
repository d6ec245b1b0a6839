"""Avatars and flags: small meshes drawn once per figure, placed by an instance each."""

import functools
import math

import numpy as np

from avatarium.render.draw import palette
from avatarium.render.draw.geometry import VERTEX, ball, lathe

PART = np.dtype([("position", "f4", 3), ("normal", "f4", 3), ("colour", "f4", 3), ("own", "f4"), ("limb", "f4")])
"""A vertex of a figure: ``own`` 1 multiplies the colour by the figure's own; ``limb`` is -1 for the right hand, 1 for the left, 0 for the
body, and in between along the arms."""

INSTANCE = np.dtype([("pose", "f4", 4), ("colour", "f4", 3), ("limbs", "f4", 4), ("size", "f4")])
"""Where a figure stands: x, y, z, heading; linear colour; swing of the hands, and how far ahead, left and up the right one is held (m);
scale."""

USES, WAVES, POINTS = 1, 2, 3
"""Gestures, as ``Scene.figures`` has them."""

EYE_HEIGHT_M = 1.06


def _part(mesh: np.ndarray, own: float, limb: float = 0.0) -> np.ndarray:
    out = np.zeros(len(mesh), PART)
    for name in ("position", "normal", "colour"):
        out[name] = mesh[name]
    out["own"], out["limb"] = own, limb
    return out


def _arm(side: float, colour: np.ndarray) -> list[np.ndarray]:
    """Balls from the hand, which takes the lowest along with it, to the shoulder, PART: they keep their shape whichever way it goes."""
    hand, shoulder = np.array([0.05, 0.262 * side, 0.5]), np.array([0.0, 0.155 * side, 0.73])
    balls = []
    for share in np.linspace(0.16, 1.0, 6).tolist():
        x, y, z = (hand + (shoulder - hand) * share).tolist()
        balls.append(_part(ball(0.054 + 0.012 * share, (x, y, z), colour, 8), 1.0, side * (1.0 - share)))
    return balls


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
    head = [(0.2 * float(np.cos(a)), 1.045 + 0.205 * float(np.sin(a))) for a in np.linspace(-np.pi / 2, np.pi / 2, 13)]
    parts = [_part(lathe(body, own, 28), 1.0), _part(lathe(head, own * 1.06, 28), 1.0)]
    for side in (-1.0, 1.0):
        parts += [
            _part(ball(0.062, (0.15, 0.08 * side, EYE_HEIGHT_M + 0.015), white, 16), 0.0),
            _part(ball(0.036, (0.192, 0.083 * side, EYE_HEIGHT_M + 0.018), black, 12), 0.0),
            _part(ball(0.075, (0.05, 0.265 * side, 0.5), shade, 8), 1.0, side),
            *_arm(side, shade * 0.98),
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


@functools.cache
def fruit_mesh() -> np.ndarray:
    """A ball with a radius of 1 m that takes the figure's colour: PART vertices."""
    return _part(ball(1.0, (0.0, 0.0, 0.0), np.ones(3, np.float32), 12), 1.0)


def place(mesh: np.ndarray, instances: np.ndarray) -> np.ndarray:
    """Every instance of ``mesh`` in world coordinates, VERTEX [A V]: what the shader of figures does, for the CPU."""
    out = np.zeros((len(instances), len(mesh)), VERTEX)
    cos, sin = np.cos(instances["pose"][:, 3:4]), np.sin(instances["pose"][:, 3:4])
    size = instances["size"][:, None]
    local = np.broadcast_to(mesh["position"], (len(instances), len(mesh), 3)).copy()
    limb = mesh["limb"][None]
    local[..., 0] += limb * instances["limbs"][:, :1]
    local += np.maximum(-limb, 0.0)[..., None] * instances["limbs"][:, None, 1:]
    for name, vector, scale in (("position", local, size), ("normal", np.broadcast_to(mesh["normal"], local.shape), 1.0)):
        out[name][..., 0] = (vector[..., 0] * cos - vector[..., 1] * sin) * scale
        out[name][..., 1] = (vector[..., 0] * sin + vector[..., 1] * cos) * scale
        out[name][..., 2] = vector[..., 2] * scale
    out["position"] += instances["pose"][:, None, :3]
    out["colour"] = mesh["colour"] * np.where(mesh["own"][None, :, None] > 0, instances["colour"][:, None], 1.0)
    out["light"] = 0.62 + 0.38 * np.clip(out["position"][..., 2] / 0.5, 0, 1)
    return out.reshape(-1)


def avatar_instances(figures: np.ndarray, time_s: float) -> np.ndarray:
    """INSTANCE [A] for ``Scene.figures``: hands swing and the body bobs with walking speed; gestures are made with the right hand."""
    out = np.zeros(len(figures), INSTANCE)
    stride = np.minimum(figures["speed"], 1.5) / 1.5
    phase = time_s * 7.0 + np.arange(len(figures)) * 1.7
    out["pose"][:, 0], out["pose"][:, 1], out["pose"][:, 3] = figures["x"], figures["y"], figures["heading"]
    out["pose"][:, 2] = 0.03 * stride * np.abs(np.sin(phase))
    out["limbs"][:, 0] = 0.13 * stride * np.sin(phase)
    beat = math.sin(time_s * 9.0)
    for gesture, held in ((USES, (0.3, 0.12, 0.1 + 0.05 * beat)), (WAVES, (0.06, 0.12 * beat - 0.1, 0.66)), (POINTS, (0.42, 0.1, 0.3))):
        out["limbs"][figures["gesture"] == gesture, 1:] = held
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


def fruit_instances(spots: np.ndarray) -> np.ndarray:
    """INSTANCE [S] for ``Scene.spots``."""
    out = np.zeros(len(spots), INSTANCE)
    out["pose"][:, :3] = spots[:, :3]
    out["colour"] = palette.linear(palette.PEOPLE)[spots[:, 4].astype(int) % len(palette.PEOPLE)]
    out["size"] = spots[:, 3]
    return out
