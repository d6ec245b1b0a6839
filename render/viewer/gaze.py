"""Where one looks from: the camera that is chosen, how it was turned, and the smooth way from one to the next."""

import math

from avatarium.render.draw import camera as cameras
from avatarium.render.draw.camera import Bounds, Camera, Margins

Pose = tuple[float, float, float]
"""x, y (m) and heading (rad)."""

MOVE_S = 0.55
"""Seconds that a camera takes to where another one stood."""


class Gaze:
    """One way to look, shared by all panes; each pane has a ``Tripod`` that carries it out."""

    def __init__(self, camera: str, bounds: Bounds) -> None:
        self.camera = camera
        self._first_yaw = cameras.broadside(bounds)
        self.reset()

    def reset(self) -> None:
        """Turn, zoom and position as at first."""
        self.yaw, self.pitch, self.zoom, self.pan = self._first_yaw, cameras.PITCH_RAD, 1.0, (0.0, 0.0)

    def drag(self, dx: float, dy: float, metres_per_px: float, pan: bool = False) -> None:
        """Turn by a drag (px), or with ``pan`` move the plan along with the mouse; ``metres_per_px`` is measured across the gaze."""
        if not pan:
            self.yaw -= dx * 0.006
            self.pitch = min(max(self.pitch + dy * 0.005, 0.2), 1.5)
            return
        top = self.camera == "top"
        yaw, stretch = (math.pi / 2, 1.0) if top else (self.yaw, 1 / math.sin(self.pitch))
        right, ahead = dx * metres_per_px, -dy * metres_per_px * stretch
        self.pan = (
            self.pan[0] - right * math.sin(yaw) - ahead * math.cos(yaw),
            self.pan[1] + right * math.cos(yaw) - ahead * math.sin(yaw),
        )

    def wheel(self, clicks: float) -> None:
        """Come nearer or go away."""
        self.zoom = min(max(self.zoom * 1.12**clicks, 0.5), 8.0)


class Tripod:
    """The camera of one pane; it follows an avatar softly, and moves when another camera or avatar is chosen."""

    def __init__(self) -> None:
        self._near: Pose | None = None
        self._shown: Camera | None = None
        self._from: Camera | None = None
        self._left_s = 0.0

    def jump(self) -> None:
        """Stand at once where the next moment wants the camera."""
        self._near = self._from = None

    def move(self) -> None:
        """Go smoothly from what is shown now to what is chosen next."""
        self._from, self._left_s, self._near = self._shown, MOVE_S, None

    def advance(self, seconds: float, speed: float, pose: Pose, camera: str) -> None:
        """Let time pass: come some of the way to where the avatar is now."""
        self._left_s -= seconds
        if self._left_s <= 0:
            self._from = None
        if self._near is None or camera != "follow":
            return
        (x, y, heading), (gx, gy, gh) = pose, self._near
        if math.hypot(x - gx, y - gy) > 3.0:
            self._near = None
            return
        share = 1 - math.exp(-3.0 * seconds * max(speed, 1.0))
        turn = math.remainder(heading - gh, 2 * math.pi)
        self._near = (gx + (x - gx) * share, gy + (y - gy) * share, gh + turn * share * 0.5)

    def look(self, gaze: Gaze, bounds: Bounds, aspect: float, margins: Margins, pose: Pose, figure: int) -> Camera:
        """The camera of this moment; ``margins`` are shares of the picture that panels cover, ``figure`` is whom one follows."""
        wanted = self._wanted(gaze, bounds, aspect, margins, pose, figure)
        if self._from is None:
            self._shown = wanted
            return wanted
        share = 1 - min(max(self._left_s / MOVE_S, 0.0), 1.0)
        self._shown = cameras.blend(self._from, wanted, share * share * (3 - 2 * share))
        return self._shown

    def _wanted(self, gaze: Gaze, bounds: Bounds, aspect: float, margins: Margins, pose: Pose, figure: int) -> Camera:
        x0, y0, x1, y1 = bounds
        moved = (x0 + gaze.pan[0], y0 + gaze.pan[1], x1 + gaze.pan[0], y1 + gaze.pan[1])
        if gaze.camera == "orbit":
            return cameras.orbit(moved, aspect, gaze.yaw, gaze.pitch, gaze.zoom, (0.015, *margins[1:]))
        if gaze.camera == "top":
            return cameras.top_down(moved, aspect, gaze.zoom, margins)
        if gaze.camera == "first" and figure >= 0:
            return cameras.first_person(*pose, figure)
        if self._near is None:
            self._near = pose
        return cameras.follow(*self._near, gaze.zoom, (-0.12 if margins[1] > 0.1 else 0.0, 0.06))
