"""Drawing without OpenGL: the same meshes, light and sheet, rasterised by compiled kernels."""

import itertools
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from avatarium.render.draw import palette, raster
from avatarium.render.draw.building import Building, floor_quad
from avatarium.render.draw.camera import Camera
from avatarium.render.draw.figures import avatar_mesh, flag_mesh, fruit_mesh, place
from avatarium.render.draw.picture import Picture, Quality, View, drawn_size
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.sunlight import sun_camera

_BANDS = min(os.cpu_count() or 1, 8)
K = TypeVar("K")
_NO_IDS = np.zeros((0, 0), np.int32)


def _clipped(position: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Positions [V, 3] in clip space as triangles, float32 [V / 3, 3, 4]."""
    m = matrix.astype(np.float32)
    return (position @ m[:, :3].T + m[:, 3]).reshape(-1, 3, 4)


def _cut(mesh: np.ndarray, cut_m: float) -> np.ndarray:
    """The mesh with everything above ``cut_m`` pressed down to it."""
    if math.isinf(cut_m):
        return mesh
    out = mesh.copy()
    out["position"][:, 2] = np.minimum(out["position"][:, 2], cut_m)
    return out


class Cpu:
    """A canvas that needs NumPy and numba alone."""

    name = "cpu"

    def __init__(self) -> None:
        self._still: dict[tuple[bytes, float, int], np.ndarray] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._pid = 0
        self._floors: dict[bytes, np.ndarray] = {}

    def draw(self, views: Sequence[View], width: int, height: int, quality: Quality, sheet: Sheet | None = None) -> np.ndarray:
        """The frame as uint8 [height, width, 3], sRGB, row 0 at the top."""
        size = drawn_size(width, height, quality.detail)
        across, down = size[0] / width, size[1] / height
        if len(views) == 1:
            image = self._view(views[0], views[0].within(across, down), quality)
        else:
            image = np.zeros((size[1], size[0], 3), np.float32)
            for view in views:
                x, y, w, h = area = view.within(across, down)
                image[y : y + h, x : x + w] = self._view(view, area, quality)
        if size != (width, height):
            image = self._enlarged(image, width, height)
        frame = np.empty((height, width, 3), np.uint8)

        def finish(rows: tuple[int, int]) -> None:
            if sheet is not None and len(sheet.quads):
                sheet.blend(image, rows)
            raster.to_bytes(image, frame, *rows)

        self._share(finish, height)
        return frame

    def _enlarged(self, image: np.ndarray, width: int, height: int) -> np.ndarray:
        """The same picture with more pixels, float32 [height, width, 3]."""
        out = np.empty((height, width, 3), np.float32)
        self._share(lambda rows: raster.enlarge(image, out, *rows), height)
        return out

    def _view(self, view: View, area: tuple[int, int, int, int], quality: Quality) -> np.ndarray:
        """One view at the size of ``area``, float32 [height, width, 3], sRGB in [0, 1]."""
        picture, camera, (_, _, width, height) = view.picture, view.camera, area
        building = picture.building
        solid = _cut(building.solid, camera.cut_m)
        herds = ((avatar_mesh(), picture.avatars), (flag_mesh(), picture.flags), (fruit_mesh(), picture.fruit))
        figures = np.concatenate([*(place(mesh, instances) for mesh, instances in herds), picture.beams])
        mesh = np.concatenate([solid, floor_quad(building.bounds), figures])
        position = np.ascontiguousarray(mesh["position"])
        aspect = view.area[2] / view.area[3]
        matrix = camera.matrix(aspect)
        depth = np.full((2 * height, 2 * width), 1.0, np.float32)
        shown = np.full(depth.shape, -1, np.int32)
        raster.cover(_clipped(position, matrix), True, depth, shown, np.empty((4, 4), np.float32))
        shadow, sun = self._shadow(picture, solid, figures, camera.cut_m, quality)
        image = np.empty((height, width, 3), np.float32)
        first = len(solid) // 3
        lens = np.array([*camera.eye, 2.0 * math.tan(camera.fov_rad / 2) / height, *building.bounds], np.float32)
        rays, floor_map = _rays(camera, aspect), self._floor_map(building)
        planes, behind = _planes(mesh, camera.eye), np.ascontiguousarray(picture.backdrop)

        def shade(rows: tuple[int, int]) -> None:
            inside = float(camera.inside)
            raster.shade(shown, planes, (first, first + 2), rays, lens, floor_map, sun, shadow, inside, behind, image, *rows)

        self._share(shade, height)
        self._blend(picture, camera, matrix, depth, image)
        return image

    def _share(self, work: Callable[[tuple[int, int]], None], height: int) -> None:
        """Do ``work`` for all rows of a picture, in bands on several threads: kernels let go of the interpreter."""
        if self._threads is None or self._pid != os.getpid():
            self._threads, self._pid = ThreadPoolExecutor(_BANDS), os.getpid()
        edges = np.linspace(0, height, 4 * _BANDS + 1).astype(int).tolist()
        list(self._threads.map(work, itertools.pairwise(edges)))

    def _floor_map(self, building: Building) -> np.ndarray:
        """The floor map in linear light, float32 [h, w, 4]."""
        if building.key not in self._floors:
            linear = np.concatenate([palette.linear(building.floor_map[..., :3]), building.floor_map[..., 3:] / np.float32(255)], axis=2)
            _keep(self._floors, building.key, linear)
        return self._floors[building.key]

    def _shadow(
        self, picture: Picture, solid: np.ndarray, figures: np.ndarray, cut_m: float, quality: Quality
    ) -> tuple[np.ndarray, np.ndarray]:
        """The sun's depth map and camera; the level's part is kept from frame to frame."""
        side = min(quality.shadow, 1024)
        cut = min(cut_m, 1e6)
        matrix = sun_camera(picture.building.bounds, min(picture.building.height_m, max(cut, 1.4)))
        if not side:
            return np.zeros((0, 0), np.float32), matrix.astype(np.float32)
        at = (picture.building.key, cut, side)
        if at not in self._still:
            still = np.full((side, side), 1.0, np.float32)
            raster.cover(_clipped(solid["position"], matrix), False, still, _NO_IDS, np.empty((4, 4), np.float32))
            _keep(self._still, at, still)
        depth = self._still[at].copy()
        if quality.moving_shadows and len(figures):
            raster.cover(_clipped(figures["position"], matrix), False, depth, _NO_IDS, np.empty((4, 4), np.float32))
        return depth, matrix.astype(np.float32)

    def _blend(self, picture: Picture, camera: Camera, matrix: np.ndarray, depth: np.ndarray, image: np.ndarray) -> None:
        flat = np.concatenate([picture.building.shade, picture.overlays, picture.building.glass])
        if not len(flat):
            return
        flat = _cut(flat, camera.cut_m)
        corners = np.concatenate([_clipped(flat["position"], matrix), flat["colour"].reshape(-1, 3, 4)], axis=2)
        raster.blend(np.ascontiguousarray(corners, np.float32), depth, image, np.empty((4, 8), np.float32))


def _keep(kept: dict[K, np.ndarray], at: K, what: np.ndarray) -> None:
    """Add to what is kept from frame to frame; the oldest goes when there are more than the panes of a window take."""
    if len(kept) >= 6:
        kept.pop(next(iter(kept)))
    kept[at] = what


def _planes(mesh: np.ndarray, eye: tuple[float, float, float]) -> np.ndarray:
    """What shading a triangle from ``eye`` takes, float32 [T, 25]; for a gaze d and G, h, B, C in the first ten columns the plane is met
    at distance h / G.d with weights B.d / G.d and C.d / G.d of the second and third corner (Moeller and Trumbore 1997). Then the normal
    and its change towards these corners, the colour, and the sky light and its changes.
    """
    t = mesh.reshape(-1, 3)
    corner = t["position"].astype(np.float64) - eye
    a, u, v = corner[:, 0], corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    g = np.cross(u, v)
    n, sky = t["normal"], t["light"]
    columns = [
        g, np.sum(g * a, axis=1, keepdims=True), np.cross(v, a), np.cross(a, u),
        n[:, 0], n[:, 1] - n[:, 0], n[:, 2] - n[:, 0], t["colour"][:, 0], sky[:, :1], sky[:, 1:2] - sky[:, :1], sky[:, 2:] - sky[:, :1],
    ]  # fmt: skip
    return np.concatenate(columns, axis=1).astype(np.float32)


def _rays(camera: Camera, aspect: float) -> np.ndarray:
    """Gaze through the middle of the picture and its change per half width and half height, float32 [3, 3]; unit depth."""
    right, up, forward = camera.basis()
    tan = math.tan(camera.fov_rad / 2)
    middle = forward - right * camera.shift[0] * tan * aspect - up * camera.shift[1] * tan
    return np.stack([middle, right * tan * aspect, up * tan]).astype(np.float32)
