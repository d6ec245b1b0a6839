"""One sheet of views on the GPU: what it is drawn with, and the drawing of it. Everything here runs on the context's thread."""

from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render.pixels.visible import BOX, NEAREST_M, STANDING, VIEW, Visible
from avatarium.worlds.core import plan
from avatarium.worlds.core.eyes import art as tables
from avatarium.worlds.core.eyes.columns import EYE_M, PANE, SIDES, WALL_TOP_M

_SHADERS = Path(__file__).parent / "shaders"
_COMMON = "tile.glsl"
_PAINT_UNIT, _FIGURE_UNIT, _FLOOR_UNIT = range(3)
_CLIP_DISTANCES = range(0x3000, 0x3004)
_CORNERS_OF_BOX = 18
_KINDS = {"behind": ("4f 1i 1i/i", VIEW), "box": ("4f 2f 1i 1i/i", BOX), "standing": ("4f 2f 3f 1i 1i 1i/i", STANDING)}
"""Programs, and what their instances are."""
_NAMES = {
    "ANGLES": tables.ANGLES, "BLACK": tables.BLACK, "COLUMNS": tables.COLUMNS, "EYE_M": float(EYE_M), "FIRST_BOX": tables.FIRST_BOX,
    "FOG": f"vec3{tables.FOG}", "FURNITURE": plan.FURNITURE, "GLASS": plan.GLASS, "NEAREST_M": NEAREST_M, "NONE": tables.NONE,
    "OWN": tables.OWN, "ROWS": tables.ROWS, "SHADES": tables.SHADES, "SHADES_PER_M": tables.SHADES_PER_M, "SIDES": SIDES,
    "WALL": plan.WALL, "WALL_TOP_M": float(WALL_TOP_M),
}  # fmt: skip
"""Numbers of the formulas that shaders have in common with ``eyes.columns``."""


def _source(name: str) -> str:
    head = "#version 330\n" + "".join(f"#define {word} {value}\n" for word, value in _NAMES.items())
    text, common = ((_SHADERS / file).read_text(encoding="utf-8") for file in (f"{name}.glsl", _COMMON))
    return head + text.replace(f'#include "{_COMMON}"', common)


class Sheet:
    """Room for the views of ``layers`` environments of so many ``agents``; ``picture``: width and height (px), ``focal``: px, ``cells``:
    height and width of their floors, ``widest``: px that the sheet may have to a side.
    """

    def __init__(
        self, gl: Any, layers: int, agents: int, picture: tuple[int, int], focal: float, cells: tuple[int, int], widest: int
    ) -> None:
        self.tiles = min(layers * agents, widest // picture[0])
        """Views in a row."""
        rows = -(-layers * agents // self.tiles)
        self.size = (self.tiles * picture[0], rows * picture[1])
        self._gl, (height, width) = gl, cells
        self._colour, self._depth = gl.texture(self.size, 4), gl.depth_texture(self.size)
        self._frame = gl.framebuffer([self._colour], self._depth)
        self._programs = {name: gl.program(_source(f"{name}.vert"), fragment_shader=_source(f"{name}.frag")) for name in _KINDS}
        art = tables.art()
        figure = np.stack([art.light, art.part.astype(np.float32)], axis=-1)
        self._paint = gl.texture((tables.SHADES, tables.MATERIALS), 4, art.paint.tobytes())
        self._figure = gl.texture_array((tables.COLUMNS, tables.ROWS, tables.ANGLES), 2, figure.tobytes(), dtype="f4")
        self._floor = gl.texture_array((width, height, layers), 1, dtype="u1", alignment=1)
        self._laid = np.full((layers, height, width), 255, np.uint8)
        shared = {"picture": picture, "tiles": (self.tiles, rows), "focal": focal, "edge": 0.5 * picture[0] / focal}
        for program in self._programs.values():
            for name, value in (shared | {"paint": _PAINT_UNIT, "figure": _FIGURE_UNIT, "tints": _FLOOR_UNIT}).items():
                if name in program:
                    program[name].value = value
        kinds = ("behind", "box", "box", "standing")
        self._kinds = [Instances(gl, self._programs[name], *_KINDS[name]) for name in kinds]

    def draw(self, visible: Visible, counts: tuple[int, ...], floor: np.ndarray) -> None:
        """Draw the first so many of everything on ``floor`` uint8 [layers, h, w], the tints of its cells."""
        gl, frame = self._gl, self._frame
        self._lay(floor)
        frame.use()
        frame.clear(depth=1.0)
        for texture, unit in ((self._paint, _PAINT_UNIT), (self._figure, _FIGURE_UNIT), (self._floor, _FLOOR_UNIT)):
            texture.use(unit)
        views, boxes, panes, standing = self._kinds
        for instances, array, count in zip(self._kinds, visible, counts, strict=True):
            instances.place(array[:count])
        gl.enable_only(gl.DEPTH_TEST)
        self._boxes(boxes)
        standing.render(gl.TRIANGLE_STRIP, 4)
        gl.depth_func = "<="  # where nothing stands the buffer holds the depth of the background
        views.render(gl.TRIANGLE_STRIP, 4)
        gl.depth_func = "<"
        self._glaze(panes)

    def _boxes(self, boxes: "Instances") -> None:
        for plane in _CLIP_DISTANCES:
            self._gl.enable_direct(plane)
        boxes.render(self._gl.TRIANGLES, _CORNERS_OF_BOX)
        for plane in _CLIP_DISTANCES:
            self._gl.disable_direct(plane)

    def _glaze(self, panes: "Instances") -> None:
        """Lay panes over what is behind them: first their colour, then their number."""
        if not panes.count:
            return
        gl, frame, cover = self._gl, self._frame, self._programs["box"]["cover"]
        frame.depth_mask = False
        frame.color_mask, cover.value = (True, True, True, False), float(PANE)
        frame.use()  # masks take effect when a frame is bound
        gl.enable(gl.BLEND)
        gl.blend_func = gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA
        self._boxes(panes)
        gl.disable(gl.BLEND)
        frame.color_mask, cover.value = (False, False, False, True), 0.0
        frame.use()
        self._boxes(panes)
        frame.color_mask, frame.depth_mask = (True, True, True, True), True

    def _lay(self, floor: np.ndarray) -> None:
        """Send the floors that have changed."""
        height, width = floor.shape[1:]
        for layer in np.flatnonzero((floor != self._laid[: len(floor)]).any(axis=(1, 2))).tolist():
            self._floor.write(floor[layer].tobytes(), viewport=(0, 0, layer, width, height, 1), alignment=1)
            self._laid[layer] = floor[layer]

    def read(self, depth: bool) -> tuple[np.ndarray, np.ndarray]:
        """Colours and numbers uint8 [h, w, 4], and where wanted the depth buffer float32 [h, w]; row 0 is the first row of pictures."""
        width, height = self.size
        colour = np.frombuffer(self._colour.read(alignment=1), np.uint8).reshape(height, width, 4)
        buffer = self._depth.read(alignment=1) if depth else b""
        return colour, np.frombuffer(buffer, np.float32).reshape(height if depth else 0, width)

    def release(self) -> None:
        """Give the memory back."""
        owned = (self._frame, self._colour, self._depth, self._paint, self._figure, self._floor)
        for thing in (*self._kinds, *owned, *self._programs.values()):
            thing.release()


class Instances:
    """A buffer of instances that is filled anew for every draw."""

    def __init__(self, gl: Any, program: Any, layout: str, dtype: np.dtype) -> None:
        self._gl, self._program, self._layout = gl, program, (layout, *(dtype.names or ()))
        self.count = 0
        self._reserve(1 << 16)

    def _reserve(self, size: int) -> None:
        self._buffer = self._gl.buffer(reserve=size)
        self._array = self._gl.vertex_array(self._program, [(self._buffer, *self._layout)])

    def place(self, instances: np.ndarray) -> None:
        """Take these."""
        if instances.nbytes > self._buffer.size:
            self.release()
            self._reserve(2 * instances.nbytes)
        self.count = len(instances)
        if self.count:
            self._buffer.orphan()
            self._buffer.write(instances)

    def render(self, mode: int, vertices: int) -> None:
        """Draw them, so many vertices each."""
        if self.count:
            self._array.render(mode, vertices=vertices, instances=self.count)

    def release(self) -> None:
        """Give the memory back."""
        self._array.release()
        self._buffer.release()
