"""Drawing with OpenGL 3.3: shadow map, lit meshes, blended floor marks, then the sheet on the resolved frame."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render.draw import context
from avatarium.render.draw.buffers import (
    ATLAS_UNIT,
    FLOOR_UNIT,
    PICTURE_UNIT,
    SHADOW_UNIT,
    Growing,
    Herd,
    Level,
    Shadow,
    SheetDraw,
    Target,
)  # fmt: skip
from avatarium.render.draw.figures import avatar_mesh, flag_mesh, fruit_mesh
from avatarium.render.draw.picture import Picture, Quality, View, drawn_size
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.sunlight import SUN, sun_camera

_SHADERS = Path(__file__).parent / "shaders"
_PROGRAMS = {
    "level": ("level.vert", "level.frag"),
    "floor": ("floor.vert", "floor.frag"),
    "figure": ("figure.vert", "figure.frag"),
    "depth_level": ("depth_level.vert", "depth.frag"),
    "depth_figure": ("depth_figure.vert", "depth.frag"),
    "flat": ("flat.vert", "flat.frag"),
    "backdrop": ("backdrop.vert", "backdrop.frag"),
    "sheet": ("sheet.vert", "sheet.frag"),
    "enlarge": ("backdrop.vert", "enlarge.frag"),
}
_NO_CUT = 1e6


def _source(name: str) -> str:
    text = (_SHADERS / f"{name}.glsl").read_text(encoding="utf-8")
    return text.replace('#include "light.glsl"', (_SHADERS / "light.glsl").read_text(encoding="utf-8"))


def _column_major(matrix: np.ndarray) -> bytes:
    return matrix.T.astype("f4").tobytes()


class Gpu:
    """A canvas on a moderngl context (see ``context.gl``); make it within ``context.run``."""

    name = "gl"

    def __init__(self, gl: Any) -> None:
        self._gl = gl
        self._programs = {name: gl.program(_source(v), fragment_shader=_source(f)) for name, (v, f) in _PROGRAMS.items()}
        for name in ("level", "floor", "figure"):
            self._programs[name]["shadow_map"].value = SHADOW_UNIT
            self._programs[name]["sun"].value = tuple(SUN)
        self._programs["floor"]["floor_map"].value = FLOOR_UNIT
        self._programs["sheet"]["atlas"].value = ATLAS_UNIT
        self._programs["sheet"]["picture"].value = self._programs["enlarge"]["picture"].value = PICTURE_UNIT
        self._herds = [Herd(gl, self._programs, mesh) for mesh in (avatar_mesh(), flag_mesh(), fruit_mesh())]
        self._marks = Growing(gl, self._programs["flat"], "3f 4f", ("position", "colour"))
        self._beams = Growing(gl, self._programs["level"], "3f 3f 3f 1f", ("position", "normal", "colour", "light"))
        self._dark_beams = Growing(gl, self._programs["depth_level"], "3f 28x", ("position",))
        corners = gl.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes())
        self._backdrop = gl.vertex_array(self._programs["backdrop"], [(corners, "2f", "corner")])
        self._enlarge = gl.vertex_array(self._programs["enlarge"], [(corners, "2f", "corner")])
        self._sheet = SheetDraw(gl, self._programs["sheet"], corners)
        self._targets: dict[tuple[int, int, int], Target] = {}
        self._shadow = Shadow(gl, 1)
        self._levels: dict[bytes, Level] = {}

    def draw(self, views: Sequence[View], width: int, height: int, quality: Quality, sheet: Sheet | None = None) -> np.ndarray:
        """The frame as uint8 [height, width, 3], sRGB, row 0 at the top."""
        return context.run(self._draw, views, width, height, quality, sheet)

    def _draw(self, views: Sequence[View], width: int, height: int, quality: Quality, sheet: Sheet | None) -> np.ndarray:
        samples = min(quality.samples, self._gl.max_samples) if quality.samples > 1 else 0
        size = drawn_size(width, height, quality.detail)
        target = self._target(*size, samples)
        target.clear()
        for view in views:
            level = self._level(view.picture)
            for herd, instances in zip(self._herds, (view.picture.avatars, view.picture.flags, view.picture.fruit), strict=True):
                herd.place(instances)
            self._light(view, level, quality)
            self._world(view, view.within(size[0] / width, size[1] / height), level, target)
        frame = target.resolve()
        if size != (width, height):
            frame = self._enlarged(target, width, height)
        if sheet is not None:
            self._sheet.draw(sheet)
        data = frame.read(components=3, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1]

    def _enlarged(self, small: Target, width: int, height: int) -> Any:
        """A picture with more pixels, bound to be drawn on."""
        large = self._target(width, height, 0)
        large.resolved.use()
        small.texture.use(PICTURE_UNIT)
        self._gl.disable(self._gl.DEPTH_TEST | self._gl.BLEND | self._gl.CULL_FACE)
        self._enlarge.render(self._gl.TRIANGLE_STRIP)
        return large.resolved

    def _target(self, width: int, height: int, samples: int) -> Target:
        """Where to draw; those of the last few sizes are kept, for small pictures are drawn beside the large one."""
        shape = (width, height, samples)
        if shape not in self._targets:
            if len(self._targets) >= 4:
                self._targets.pop(next(iter(self._targets))).release()
            self._targets[shape] = Target(self._gl, *shape)
        return self._targets[shape]

    def _level(self, picture: Picture) -> Level:
        key = picture.building.key
        if key not in self._levels:
            if len(self._levels) >= 6:
                self._levels.pop(next(iter(self._levels))).release()
            self._levels[key] = Level(self._gl, self._programs, picture.building)
        return self._levels[key]

    def _light(self, view: View, level: Level, quality: Quality) -> None:
        """Bring the shadow map up to date; its still part is drawn once for a level and a cut."""
        for name in ("level", "floor", "figure"):
            self._programs[name]["shadows"].value = int(quality.shadow > 0)
        if not quality.shadow:
            return
        if self._shadow.side != quality.shadow:
            self._shadow.release()
            self._shadow = Shadow(self._gl, quality.shadow)
        building, cut = view.picture.building, min(view.camera.cut_m, _NO_CUT)
        packed = _column_major(sun_camera(building.bounds, min(building.height_m, max(cut, 1.4))))
        for name in ("level", "floor", "figure"):
            self._programs[name]["sun_camera"].write(packed)
        for name in ("depth_level", "depth_figure"):
            self._programs[name]["camera"].write(packed)
        self._programs["depth_level"]["cut"].value = cut
        self._gl.enable_only(self._gl.DEPTH_TEST)
        self._shadow.begin(level, cut)
        if quality.moving_shadows:
            for herd in self._herds:
                herd.shadow()
            self._programs["depth_level"]["cut"].value = _NO_CUT
            self._dark_beams.render(view.picture.beams)

    def _world(self, view: View, area: tuple[int, int, int, int], level: Level, target: Target) -> None:
        gl, programs, picture, camera = self._gl, self._programs, view.picture, view.camera
        packed, cut = _column_major(camera.matrix(view.area[2] / view.area[3])), min(camera.cut_m, _NO_CUT)
        target.begin(area)
        self._shadow.texture.use(SHADOW_UNIT)
        level.floor_map.use(FLOOR_UNIT)
        for name in ("level", "floor", "figure", "flat"):
            programs[name]["camera"].write(packed)
        programs["level"]["cut"].value = programs["flat"]["cut"].value = cut
        programs["figure"]["eye"].value = camera.eye
        programs["floor"]["bounds"].value = picture.building.bounds
        programs["backdrop"]["inside"].value = camera.inside
        programs["backdrop"]["shades"].write(picture.backdrop.tobytes())
        gl.enable_only(gl.DEPTH_TEST | gl.CULL_FACE)
        level.solid.render()
        programs["level"]["cut"].value = _NO_CUT
        self._beams.render(picture.beams)
        for herd in self._herds:
            herd.render()
        level.floor.render()
        gl.disable(gl.CULL_FACE)
        self._backdrop.render(gl.TRIANGLE_STRIP)
        gl.enable(gl.BLEND)
        gl.blend_func = gl.ONE, gl.ONE_MINUS_SRC_ALPHA
        target.frame.depth_mask = False
        for part in (picture.building.shade, picture.overlays, picture.building.glass):
            self._marks.render(part)
        target.frame.depth_mask = True
