"""Drawing with OpenGL 3.3: shadow map, lit meshes, blended floor marks, then the sheet on the resolved frame."""

from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render import context
from avatarium.render.building import floor_quad
from avatarium.render.camera import Camera
from avatarium.render.figures import avatar_mesh, flag_mesh
from avatarium.render.picture import Picture, Quality
from avatarium.render.sheet import Sheet
from avatarium.render.sunlight import SUN, sun_camera
from avatarium.render.text import SIDE

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
}
_SHADOW_UNIT, _FLOOR_UNIT, _ATLAS_UNIT = 0, 1, 2
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
            self._programs[name]["shadow_map"].value = _SHADOW_UNIT
            self._programs[name]["sun"].value = tuple(SUN)
        self._programs["floor"]["floor_map"].value = _FLOOR_UNIT
        self._programs["sheet"]["atlas"].value = _ATLAS_UNIT
        self._avatars, self._flags = _Herd(gl, self._programs, avatar_mesh()), _Herd(gl, self._programs, flag_mesh())
        self._marks = _Growing(gl, self._programs["flat"], "3f 4f", ("position", "colour"))
        corners = gl.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes())
        self._backdrop = gl.vertex_array(self._programs["backdrop"], [(corners, "2f", "corner")])
        self._sheet = _SheetDraw(gl, self._programs["sheet"], corners)
        self._target = _Target(gl, 1, 1, 0)
        self._shadow = _Shadow(gl, 1)
        self._level: _Level | None = None

    def draw(self, picture: Picture, camera: Camera, width: int, height: int, quality: Quality) -> np.ndarray:
        """The frame as uint8 [height, width, 3], sRGB, row 0 at the top."""
        return context.run(self._draw, picture, camera, width, height, quality)

    def _draw(self, picture: Picture, camera: Camera, width: int, height: int, quality: Quality) -> np.ndarray:
        samples = min(quality.samples, self._gl.max_samples) if quality.samples > 1 else 0
        if self._target.shape != (width, height, samples):
            self._target.release()
            self._target = _Target(self._gl, width, height, samples)
        if self._level is None or self._level.key != picture.building.key:
            if self._level is not None:
                self._level.release()
            self._level = _Level(self._gl, self._programs, picture)
            self._shadow.stale = True
        self._avatars.place(picture.avatars)
        self._flags.place(picture.flags)
        self._light(picture, camera, quality)
        self._world(picture, camera, width / height)
        frame = self._target.resolve()
        if picture.sheet is not None:
            self._sheet.draw(picture.sheet)
        data = frame.read(components=3, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1]

    def _light(self, picture: Picture, camera: Camera, quality: Quality) -> None:
        """Bring the shadow map up to date; its still part is redrawn only for another level or another cut."""
        for name in ("level", "floor", "figure"):
            self._programs[name]["shadows"].value = int(quality.shadow > 0)
        if not quality.shadow:
            return
        if self._shadow.side != quality.shadow:
            self._shadow.release()
            self._shadow = _Shadow(self._gl, quality.shadow)
        cut = min(camera.cut_m, _NO_CUT)
        matrix = sun_camera(picture.building.bounds, min(picture.building.height_m, max(cut, 1.4)))
        packed = _column_major(matrix)
        for name in ("level", "floor", "figure"):
            self._programs[name]["sun_camera"].write(packed)
        for name in ("depth_level", "depth_figure"):
            self._programs[name]["camera"].write(packed)
        self._programs["depth_level"]["cut"].value = cut
        self._gl.enable_only(self._gl.DEPTH_TEST)
        assert self._level is not None
        if self._shadow.stale or self._shadow.cut != cut:
            self._shadow.begin_still(cut)
            self._level.shadow.render()
        self._shadow.begin_moving()
        if quality.moving_shadows:
            self._avatars.shadow()
            self._flags.shadow()

    def _world(self, picture: Picture, camera: Camera, aspect: float) -> None:
        gl, programs, packed = self._gl, self._programs, _column_major(camera.matrix(aspect))
        cut = min(camera.cut_m, _NO_CUT)
        assert self._level is not None
        self._target.begin()
        self._shadow.texture.use(_SHADOW_UNIT)
        self._level.floor_map.use(_FLOOR_UNIT)
        for name in ("level", "floor", "figure", "flat"):
            programs[name]["camera"].write(packed)
        programs["level"]["cut"].value = programs["flat"]["cut"].value = cut
        programs["figure"]["eye"].value = camera.eye
        programs["floor"]["bounds"].value = picture.building.bounds
        programs["backdrop"]["inside"].value = int(camera.hides >= 0)
        gl.enable_only(gl.DEPTH_TEST | gl.CULL_FACE)
        self._level.solid.render()
        self._avatars.render()
        self._flags.render()
        self._level.floor.render()
        gl.disable(gl.CULL_FACE)
        self._backdrop.render(gl.TRIANGLE_STRIP)
        gl.enable(gl.BLEND)
        gl.blend_func = gl.ONE, gl.ONE_MINUS_SRC_ALPHA
        self._target.frame.depth_mask = False
        for part in (picture.building.shade, picture.overlays, picture.building.glass):
            self._marks.render(part)
        self._target.frame.depth_mask = True


class _Target:
    """The frame being drawn, multisampled or not, and its resolved copy without depth."""

    def __init__(self, gl: Any, width: int, height: int, samples: int) -> None:
        self.shape = (width, height, samples)
        self._gl = gl
        self.frame = gl.framebuffer(
            [gl.renderbuffer((width, height), 4, samples=samples)], gl.depth_renderbuffer((width, height), samples=samples)
        )
        self._resolved = gl.framebuffer([gl.renderbuffer((width, height), 4)])

    def begin(self) -> None:
        self.frame.use()
        self.frame.clear(0.9, 0.9, 0.92, 1.0, depth=1.0)

    def resolve(self) -> Any:
        self._gl.copy_framebuffer(self._resolved, self.frame)
        self._resolved.use()
        return self._resolved

    def release(self) -> None:
        for framebuffer in (self.frame, self._resolved):
            for attachment in (*framebuffer.color_attachments, framebuffer.depth_attachment):
                if attachment is not None:
                    attachment.release()
            framebuffer.release()


class _Shadow:
    """The sun's depth map: a still one with the level, copied and completed with avatars for each frame."""

    def __init__(self, gl: Any, side: int) -> None:
        self._gl, self.side, self.stale, self.cut = gl, side, True, 0.0
        self._still, self.texture = gl.depth_texture((side, side)), gl.depth_texture((side, side))
        self.texture.compare_func = "<="
        self.texture.filter = (gl.LINEAR, gl.LINEAR)
        self.texture.repeat_x = self.texture.repeat_y = False
        # copy_framebuffer copies depth only beside a colour attachment, so each gets the smallest there is.
        self._colours = [gl.renderbuffer((side, side), 1) for _ in range(2)]
        self._still_frame = gl.framebuffer([self._colours[0]], self._still)
        self._frame = gl.framebuffer([self._colours[1]], self.texture)

    def begin_still(self, cut: float) -> None:
        self.stale, self.cut = False, cut
        self._still_frame.use()
        self._still_frame.clear(depth=1.0)

    def begin_moving(self) -> None:
        self._gl.copy_framebuffer(self._frame, self._still_frame)
        self._frame.use()

    def release(self) -> None:
        for thing in (self._still_frame, self._frame, self._still, self.texture, *self._colours):
            thing.release()


class _Level:
    """One building on the GPU."""

    def __init__(self, gl: Any, programs: dict[str, Any], picture: Picture) -> None:
        building = picture.building
        self.key = building.key
        solid, quad = (
            gl.buffer(building.solid.tobytes()),
            gl.buffer(np.ascontiguousarray(floor_quad(building.bounds)["position"]).tobytes()),
        )
        self.solid = gl.vertex_array(programs["level"], [(solid, "3f 3f 3f 1f", "position", "normal", "colour", "light")])
        self.shadow = gl.vertex_array(programs["depth_level"], [(solid, "3f 28x", "position")])
        self.floor = gl.vertex_array(programs["floor"], [(quad, "3f", "position")])
        height, width = building.floor_map.shape[:2]
        self.floor_map = gl.texture((width, height), 4, building.floor_map.tobytes())
        self.floor_map.repeat_x = self.floor_map.repeat_y = False
        self.floor_map.build_mipmaps()
        self.floor_map.filter = (gl.LINEAR_MIPMAP_LINEAR, gl.LINEAR)
        self._owned = (self.solid, self.shadow, self.floor, solid, quad, self.floor_map)

    def release(self) -> None:
        for thing in self._owned:
            thing.release()


class _Herd:
    """Many copies of one figure's mesh."""

    def __init__(self, gl: Any, programs: dict[str, Any], mesh: np.ndarray, room: int = 64) -> None:
        self._gl, self._programs, self._count = gl, programs, 0
        self._mesh = gl.buffer(mesh.tobytes())
        self._reserve(room)

    def _reserve(self, room: int) -> None:
        self._room = room
        self._instances = self._gl.buffer(reserve=room * 44)
        lit = ("position", "normal", "colour", "own", "limb")
        self._lit = self._gl.vertex_array(
            self._programs["figure"],
            [(self._mesh, "3f 3f 3f 1f 1f", *lit), (self._instances, "4f 3f 3f 1f/i", "pose", "own_colour", "limbs", "size")],
        )
        self._dark = self._gl.vertex_array(
            self._programs["depth_figure"],
            [(self._mesh, "3f 28x 1f", "position", "limb"), (self._instances, "4f 12x 3f 1f/i", "pose", "limbs", "size")],
        )

    def place(self, instances: np.ndarray) -> None:
        if len(instances) > self._room:
            for thing in (self._lit, self._dark, self._instances):
                thing.release()
            self._reserve(2 * len(instances))
        self._count = len(instances)
        if self._count:
            self._instances.write(instances.tobytes())

    def render(self) -> None:
        if self._count:
            self._lit.render(instances=self._count)

    def shadow(self) -> None:
        if self._count:
            self._dark.render(instances=self._count)


class _Growing:
    """A buffer of vertices that is filled anew for every draw."""

    def __init__(self, gl: Any, program: Any, layout: str, names: tuple[str, ...]) -> None:
        self._gl, self._program, self._layout = gl, program, (layout, *names)
        self._reserve(1 << 20)

    def _reserve(self, size: int) -> None:
        self._buffer = self._gl.buffer(reserve=size)
        self._array = self._gl.vertex_array(self._program, [(self._buffer, *self._layout)])

    def render(self, vertices: np.ndarray) -> None:
        if not len(vertices):
            return
        if vertices.nbytes > self._buffer.size:
            self._array.release()
            self._buffer.release()
            self._reserve(2 * vertices.nbytes)
        self._buffer.orphan()
        self._buffer.write(vertices.tobytes())
        self._array.render(vertices=len(vertices))


class _SheetDraw:
    """The sheet in one instanced draw, with the letter atlas as a texture."""

    def __init__(self, gl: Any, program: Any, corners: Any) -> None:
        self._gl, self._program, self._corners, self._seen = gl, program, corners, (0, -1)
        self._texture = gl.texture((SIDE, SIDE), 1)
        self._texture.filter = (gl.NEAREST, gl.NEAREST)
        self._reserve(2048)

    def _reserve(self, room: int) -> None:
        self._buffer = self._gl.buffer(reserve=room * 80)
        names = ("rect", "extra", "colour", "border", "shape")
        self._array = self._gl.vertex_array(self._program, [(self._corners, "2f", "corner"), (self._buffer, "4f 4f 4f 4f 4f/i", *names)])

    def draw(self, sheet: Sheet) -> None:
        quads = sheet.quads
        if not len(quads):
            return
        if quads.nbytes > self._buffer.size:
            self._array.release()
            self._buffer.release()
            self._reserve(2 * len(quads))
        self._buffer.write(quads.tobytes())
        if self._seen != (id(sheet.atlas), sheet.atlas.version):
            self._texture.write(sheet.atlas.pixels.tobytes(), alignment=1)
            self._seen = (id(sheet.atlas), sheet.atlas.version)
        self._program["size"].value = (sheet.width, sheet.height)
        gl = self._gl
        gl.enable_only(gl.BLEND)
        gl.blend_func = gl.ONE, gl.ONE_MINUS_SRC_ALPHA
        self._texture.use(_ATLAS_UNIT)
        self._array.render(gl.TRIANGLE_STRIP, instances=len(quads))
