"""What OpenGL draws with: frames, shadow maps, levels, crowds of figures, and buffers that are filled anew for every draw."""

from typing import Any

import numpy as np

from avatarium.render.draw.building import Building, floor_quad
from avatarium.render.draw.figures import INSTANCE
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.text import SIDE

SHADOW_UNIT, FLOOR_UNIT, ATLAS_UNIT, PICTURE_UNIT = range(4)


class Target:
    """The frame being drawn, multisampled or not, and its resolved copy without depth."""

    def __init__(self, gl: Any, width: int, height: int, samples: int) -> None:
        self.shape = (width, height, samples)
        self._gl = gl
        self.frame = gl.framebuffer(
            [gl.renderbuffer((width, height), 4, samples=samples)], gl.depth_renderbuffer((width, height), samples=samples)
        )
        self.texture = gl.texture((width, height), 4)
        self.texture.repeat_x = self.texture.repeat_y = False
        self.texture.filter = (gl.LINEAR, gl.LINEAR)
        self.resolved = gl.framebuffer([self.texture])

    def clear(self) -> None:
        """Start a new frame."""
        self.frame.use()
        self.frame.scissor = None
        self.frame.clear(0.9, 0.9, 0.92, 1.0, depth=1.0)

    def begin(self, area: tuple[int, int, int, int]) -> None:
        """Draw into a part of the frame: x, y, width, height (px from the top left)."""
        x, y, width, height = area
        self.frame.use()
        self.frame.viewport = self.frame.scissor = (x, self.shape[1] - y - height, width, height)

    def resolve(self) -> Any:
        """The finished frame, without samples and depth, bound to be drawn on."""
        self.frame.scissor = None
        self._gl.copy_framebuffer(self.resolved, self.frame)
        self.resolved.use()
        return self.resolved

    def release(self) -> None:
        """Give the memory back."""
        for framebuffer in (self.frame, self.resolved):
            for attachment in (*framebuffer.color_attachments, framebuffer.depth_attachment):
                if attachment is not None:
                    attachment.release()
            framebuffer.release()


class Shadow:
    """The sun's depth map: still ones with a level, the one wanted copied and completed with avatars for each view."""

    def __init__(self, gl: Any, side: int) -> None:
        self._gl, self.side = gl, side
        self._still: dict[tuple[bytes, float], _Depth] = {}
        self._moving = _Depth(gl, side)
        self.texture = self._moving.texture
        self.texture.compare_func = "<="
        self.texture.filter = (gl.LINEAR, gl.LINEAR)
        self.texture.repeat_x = self.texture.repeat_y = False

    def begin(self, level: "Level", cut_m: float) -> None:
        """Start from what a level cut at ``cut_m`` throws, drawn once, and be ready for what moves."""
        at = (level.key, cut_m)
        if at not in self._still:
            if len(self._still) >= 6:
                self._still.pop(next(iter(self._still))).release()
            self._still[at] = _Depth(self._gl, self.side)
            self._still[at].frame.use()
            self._still[at].frame.clear(depth=1.0)
            level.shadow.render()
        self._gl.copy_framebuffer(self._moving.frame, self._still[at].frame)
        self._moving.frame.use()

    def release(self) -> None:
        """Give the memory back."""
        for depth in (*self._still.values(), self._moving):
            depth.release()


class _Depth:
    """A depth texture that can be drawn to."""

    def __init__(self, gl: Any, side: int) -> None:
        self.texture = gl.depth_texture((side, side))
        # copy_framebuffer copies depth only beside a colour attachment, so each gets the smallest there is.
        self._colour = gl.renderbuffer((side, side), 1)
        self.frame = gl.framebuffer([self._colour], self.texture)

    def release(self) -> None:
        for thing in (self.frame, self.texture, self._colour):
            thing.release()


class Level:
    """One building on the GPU."""

    def __init__(self, gl: Any, programs: dict[str, Any], building: Building) -> None:
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
        """Give the memory back."""
        for thing in self._owned:
            thing.release()


class Herd:
    """Many copies of one figure's mesh."""

    def __init__(self, gl: Any, programs: dict[str, Any], mesh: np.ndarray, room: int = 64) -> None:
        self._gl, self._programs, self._count = gl, programs, 0
        self._mesh = gl.buffer(mesh.tobytes())
        self._reserve(room)

    def _reserve(self, room: int) -> None:
        self._room = room
        self._instances = self._gl.buffer(reserve=room * INSTANCE.itemsize)
        lit = ("position", "normal", "colour", "own", "limb")
        self._lit = self._gl.vertex_array(
            self._programs["figure"],
            [(self._mesh, "3f 3f 3f 1f 1f", *lit), (self._instances, "4f 3f 4f 1f/i", "pose", "own_colour", "limbs", "size")],
        )
        self._dark = self._gl.vertex_array(
            self._programs["depth_figure"],
            [(self._mesh, "3f 28x 1f", "position", "limb"), (self._instances, "4f 12x 4f 1f/i", "pose", "limbs", "size")],
        )

    def place(self, instances: np.ndarray) -> None:
        """Where the copies stand, INSTANCE [A]."""
        if len(instances) > self._room:
            for thing in (self._lit, self._dark, self._instances):
                thing.release()
            self._reserve(2 * len(instances))
        self._count = len(instances)
        if self._count:
            self._instances.write(instances.tobytes())

    def render(self) -> None:
        """Draw all copies."""
        if self._count:
            self._lit.render(instances=self._count)

    def shadow(self) -> None:
        """Draw the depth of all copies."""
        if self._count:
            self._dark.render(instances=self._count)


class Growing:
    """A buffer of vertices that is filled anew for every draw."""

    def __init__(self, gl: Any, program: Any, layout: str, names: tuple[str, ...]) -> None:
        self._gl, self._program, self._layout = gl, program, (layout, *names)
        self._reserve(1 << 20)

    def _reserve(self, size: int) -> None:
        self._buffer = self._gl.buffer(reserve=size)
        self._array = self._gl.vertex_array(self._program, [(self._buffer, *self._layout)])

    def render(self, vertices: np.ndarray) -> None:
        """Draw triangles."""
        if not len(vertices):
            return
        if vertices.nbytes > self._buffer.size:
            self._array.release()
            self._buffer.release()
            self._reserve(2 * vertices.nbytes)
        self._buffer.orphan()
        self._buffer.write(vertices.tobytes())
        self._array.render(vertices=len(vertices))


class SheetDraw:
    """The sheet in one instanced draw, with the letter atlas as a texture."""

    def __init__(self, gl: Any, program: Any, corners: Any) -> None:
        self._gl, self._program, self._corners, self._seen = gl, program, corners, (0, -1)
        self._texture = gl.texture((SIDE, SIDE), 1)
        self._texture.filter = (gl.NEAREST, gl.NEAREST)
        self._picture = gl.texture((1, 1), 3)
        self._pictured: np.ndarray | None = None
        self._reserve(2048)

    def _reserve(self, room: int) -> None:
        self._buffer = self._gl.buffer(reserve=room * 80)
        names = ("rect", "extra", "colour", "border", "shape")
        self._array = self._gl.vertex_array(self._program, [(self._corners, "2f", "corner"), (self._buffer, "4f 4f 4f 4f 4f/i", *names)])

    def draw(self, sheet: Sheet) -> None:
        """Draw everything that is on the sheet over the frame that is bound."""
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
        self._program["size"].value = sheet.pixels
        gl = self._gl
        gl.enable_only(gl.BLEND)
        gl.blend_func = gl.ONE, gl.ONE_MINUS_SRC_ALPHA
        self._show(sheet.picture)
        self._texture.use(ATLAS_UNIT)
        self._array.render(gl.TRIANGLE_STRIP, instances=len(quads))

    def _show(self, picture: np.ndarray) -> None:
        """Have the image that the sheet holds as a texture; it is sent only when it is another one."""
        if picture is not self._pictured:
            if self._picture.size != picture.shape[1::-1]:
                self._picture.release()
                self._picture = self._gl.texture(picture.shape[1::-1], 3)
                self._picture.repeat_x = self._picture.repeat_y = False
            self._picture.write(np.ascontiguousarray(picture).tobytes(), alignment=1)
            self._pictured = picture
        self._picture.use(PICTURE_UNIT)
