"""Points of view: a camera is plain data; the functions here place one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.render.draw.figures import EYE_HEIGHT_M
from avatarium.worlds.core.errors import UserError, nearest

NAMES = ("orbit", "follow", "top", "first")
"""The four ways to look: round the building, behind an avatar, from above, through its eyes."""

DOLLHOUSE_CUT_M = 1.15
"""Walls are cut at this height when one looks in from outside, so that rooms stay visible."""


YAW_RAD, PITCH_RAD = 1.19, 0.87
"""Where the orbit camera begins, for a building that is wider than deep."""

Bounds = tuple[float, float, float, float]
Margins = tuple[float, float, float, float]
"""Shares of the picture to be kept free: left, right, bottom, top."""

NARROW: Margins = (0.02, 0.02, 0.02, 0.02)


@dataclass(frozen=True)
class Camera:
    """Where a picture is taken from. Metres and radians; ``shift`` moves the picture, in half widths and half heights."""

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)
    fov_rad: float = 0.7
    shift: tuple[float, float] = (0.0, 0.0)
    cut_m: float = DOLLHOUSE_CUT_M
    near_m: float = 0.3
    far_m: float = 400.0
    hides: int = -1
    """Index of the figure whose eyes these are, not drawn; -1 for none."""
    inside: float = 0.0
    """How far one looks from within: 1 sees a sky above a horizon, 0 the table that the building stands on."""

    def basis(self) -> np.ndarray:
        """Right, up and forward as rows of float64 [3, 3]."""
        forward = np.subtract(self.target, self.eye)
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, self.up)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(right, forward), forward])

    def matrix(self, aspect: float) -> np.ndarray:
        """World to clip space, float64 [4, 4], as OpenGL defines it; ``aspect`` is width over height."""
        right, up, forward = self.basis()
        view = np.eye(4)
        view[:3, :3] = right, up, -forward
        view[:3, 3] = -view[:3, :3] @ self.eye
        t, n, f = 1.0 / math.tan(self.fov_rad / 2), self.near_m, self.far_m
        lens = np.zeros((4, 4))
        lens[0, 0], lens[1, 1] = t / aspect, t
        lens[0, 2], lens[1, 2] = -self.shift[0], -self.shift[1]
        lens[2, 2], lens[2, 3], lens[3, 2] = (f + n) / (n - f), 2 * f * n / (n - f), -1.0
        product: np.ndarray = lens @ view
        return product

    def project(self, points: np.ndarray | Sequence[Sequence[float]], width: float, height: float) -> np.ndarray:
        """Points [P, 3] (m) as float64 [P, 3]: x and y in pixels from the top left, and depth (m; negative behind the camera)."""
        p = np.atleast_2d(np.asarray(points, np.float64))
        clip = np.c_[p, np.ones(len(p))] @ self.matrix(width / height).T
        depth = clip[:, 3]
        w = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        return np.stack([(clip[:, 0] / w * 0.5 + 0.5) * width, (0.5 - clip[:, 1] / w * 0.5) * height, depth], 1)


def _fit(bounds: Bounds, forward: np.ndarray, up: tuple[float, float, float], fov_rad: float, aspect: float, margins: Margins) -> Camera:
    """The nearest camera that looks along ``forward`` and sees all of ``bounds`` inside the margins (shares left, right, bottom, top)."""
    left, right_, bottom, top = margins
    x0, y0, x1, y1 = bounds
    frame = Camera((0.0, 0.0, 0.0), (float(forward[0]), float(forward[1]), float(forward[2])), up).basis()
    corners = np.array([(x, y, z) for x in (x0, x1) for y in (y0, y1) for z in (-0.3, DOLLHOUSE_CUT_M)]) @ frame.T
    tan_y = math.tan(fov_rad / 2) * (1 - bottom - top)
    tan_x = math.tan(fov_rad / 2) * aspect * (1 - left - right_)
    offset, distance = [0.0, 0.0], 0.0
    for axis, tan in enumerate((tan_x, tan_y)):
        high = float(np.max(corners[:, axis] / tan - corners[:, 2]))
        low = float(np.max(-corners[:, axis] / tan - corners[:, 2]))
        offset[axis] = tan * (high - low) / 2
        distance = max(distance, (high + low) / 2)
    eye = np.array([offset[0], offset[1], -distance]) @ frame
    target = eye + frame[2] * distance
    return Camera(
        (float(eye[0]), float(eye[1]), float(eye[2])), (float(target[0]), float(target[1]), float(target[2])), up, fov_rad,
        (left - right_, bottom - top), near_m=max(0.3, distance * 0.05), far_m=distance * 4,
    )  # fmt: skip


def orbit(
    bounds: Bounds, aspect: float, yaw_rad: float = YAW_RAD, pitch_rad: float = PITCH_RAD, zoom: float = 1.0, margins: Margins = NARROW
) -> Camera:
    """Look in from outside: ``yaw_rad`` is the direction of gaze on the plan, ``pitch_rad`` how far it looks down.

    ``zoom`` 2 is twice as near.
    """
    pitch = min(max(pitch_rad, 0.15), math.pi / 2 - 0.02)
    forward = np.array([math.cos(yaw_rad) * math.cos(pitch), math.sin(yaw_rad) * math.cos(pitch), -math.sin(pitch)])
    return closer(_fit(bounds, forward, (0.0, 0.0, 1.0), 0.62, aspect, margins), zoom)


def top_down(bounds: Bounds, aspect: float, zoom: float = 1.0, margins: Margins = NARROW) -> Camera:
    """Look straight down with the plan's y axis up the picture, through a long lens, so that walls hide little."""
    return closer(_fit(bounds, np.array([0.0, 0.0, -1.0]), (0.0, 1.0, 0.0), 0.35, aspect, margins), zoom)


def broadside(bounds: Bounds) -> float:
    """The yaw (rad) from which a building lies across the picture: screens are wider than high."""
    x0, y0, x1, y1 = bounds
    return YAW_RAD if x1 - x0 >= y1 - y0 else YAW_RAD + math.pi / 2


def closer(camera: Camera, zoom: float, towards: tuple[float, float, float] | None = None) -> Camera:
    """The same camera ``zoom`` times as near to ``towards`` (its target by default)."""
    goal = camera.target if towards is None else towards
    ex, ey, ez = (g + (e - t) / zoom for g, e, t in zip(goal, camera.eye, camera.target, strict=True))
    return Camera((ex, ey, ez), goal, camera.up, camera.fov_rad, camera.shift, camera.cut_m, camera.near_m / max(zoom, 1.0), camera.far_m)


def follow(x_m: float, y_m: float, heading_rad: float, zoom: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Camera:
    """Look over an avatar's shoulder from behind and above."""
    back, yaw = 6.4 / zoom, heading_rad + 0.35
    eye = (x_m - back * math.cos(yaw), y_m - back * math.sin(yaw), 0.5 + 6.0 / zoom)
    target = (x_m + 1.3 * math.cos(heading_rad), y_m + 1.3 * math.sin(heading_rad), 0.4)
    return Camera(eye, target, fov_rad=0.8, shift=shift)


def first_person(x_m: float, y_m: float, heading_rad: float, figure: int = -1) -> Camera:
    """Look through an avatar's eyes; walls stand at their full height and ``figure`` itself is not drawn."""
    eye = (x_m + 0.12 * math.cos(heading_rad), y_m + 0.12 * math.sin(heading_rad), EYE_HEIGHT_M)
    target = (eye[0] + math.cos(heading_rad), eye[1] + math.sin(heading_rad), EYE_HEIGHT_M - 0.09)
    return Camera(eye, target, fov_rad=1.15, cut_m=math.inf, near_m=0.04, far_m=120.0, hides=figure, inside=1.0)


def blend(one: Camera, other: Camera, share: float) -> Camera:
    """The camera ``share`` of the way from one to the other: it turns, comes nearer and widens evenly, without rolling."""
    (yaw, pitch, far), (to_yaw, to_pitch, to_far) = _bearing(one), _bearing(other)
    yaw += math.remainder(to_yaw - yaw, 2 * math.pi) * share
    pitch += (to_pitch - pitch) * share
    wide, to_wide = math.tan(one.fov_rad / 2), math.tan(other.fov_rad / 2)
    tan = wide * (to_wide / wide) ** share
    reach = far * wide * ((to_far * to_wide) / (far * wide)) ** share / tan
    target = _mix(one.target, other.target, share)
    gaze = (math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), -math.sin(pitch))
    ex, ey, ez = (t - g * reach for t, g in zip(target, gaze, strict=True))
    return Camera(
        eye=(ex, ey, ez),
        target=target,
        up=(math.cos(yaw) * math.sin(pitch), math.sin(yaw) * math.sin(pitch), math.cos(pitch)),
        fov_rad=2 * math.atan(tan),
        shift=(one.shift[0] + (other.shift[0] - one.shift[0]) * share, one.shift[1] + (other.shift[1] - one.shift[1]) * share),
        cut_m=other.cut_m if share > 0.5 else one.cut_m,
        near_m=max(0.04, min(reach * 0.05, 0.3)),
        far_m=max(one.far_m, other.far_m),
        inside=one.inside + (other.inside - one.inside) * share,
    )


def _bearing(camera: Camera) -> tuple[float, float, float]:
    """Direction of gaze on the plan and below the horizon (rad), and the distance to the target (m)."""
    _, up, forward = camera.basis()
    level = math.hypot(float(forward[0]), float(forward[1]))
    ahead = forward if level > 1e-3 else up
    return math.atan2(float(ahead[1]), float(ahead[0])), math.atan2(-float(forward[2]), level), math.dist(camera.eye, camera.target)


def _mix(one: tuple[float, float, float], other: tuple[float, float, float], share: float) -> tuple[float, float, float]:
    x, y, z = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return x, y, z


def check(name: str) -> None:
    """Raise UserError unless ``name`` is one of ``NAMES``."""
    if name not in NAMES:
        raise UserError(f"there is no camera {name!r}: {nearest(name, NAMES)}")


def named(name: str, bounds: Bounds, pose: tuple[float, float, float], figure: int, aspect: float) -> Camera:
    """One of ``NAMES`` with its defaults; ``pose`` (x, y, heading) is that of the figure followed. Raises UserError for other names."""
    check(name)
    if name == "orbit":
        return orbit(bounds, aspect, broadside(bounds))
    if name == "top":
        return top_down(bounds, aspect)
    return follow(*pose) if name == "follow" else first_person(*pose, figure)
