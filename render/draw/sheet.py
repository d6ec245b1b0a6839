"""Flat drawing over a picture: panels, pills, lines and text, collected as instances of one kind of quad."""

from collections.abc import Sequence

import numpy as np

from avatarium.render.draw import raster
from avatarium.render.draw.raster import BOX, GLYPH, IMAGE, SHADOW, STROKE, TAIL
from avatarium.render.draw.text import SIDE, Atlas
from avatarium.render.draw.theme import LIGHT, Theme

QUAD = np.dtype([("rect", "f4", 4), ("extra", "f4", 4), ("colour", "f4", 4), ("border", "f4", 4), ("shape", "f4", 4)])
"""x, y, width, height (px, from the top left); part of the atlas or of the image, or the ends of a line relative to the middle; fill and
border colour (sRGB, opacity); radius, border width, kind (BOX and the others of ``raster``), padding (px)."""

Colour = Sequence[float]
Rect = tuple[float, float, float, float]
_SHADE = (18, 24, 42)
_NOTHING = np.zeros((1, 1, 3), np.uint8)


class Sheet:
    """Quads to draw in order. Coordinates and sizes are points from the top left: pixels of the picture, divided by ``scale``."""

    def __init__(self, atlas: Atlas, width: int, height: int) -> None:
        self.atlas = atlas
        self._quads = np.zeros(512, QUAD)
        self.clear(width, height)

    @property
    def quads(self) -> np.ndarray:
        """QUAD [Q]: what has been put so far."""
        return self._quads[: self._count]

    def clear(self, width: int, height: int, scale: float = 1.0, theme: Theme = LIGHT) -> None:
        """Start an empty sheet for a picture of ``width`` x ``height`` pixels, ``scale`` pixels to a point."""
        self.pixels, self.scale, self.theme = (width, height), scale, theme
        self.width, self.height = width / scale, height / scale
        self._count, self.picture = 0, _NOTHING

    def _put(
        self, rect: Sequence[float], colour: Colour, alpha: float, shape: Sequence[float],
        extra: Sequence[float] = (0, 0, 0, 0), border: Sequence[float] = (0, 0, 0, 0),
    ) -> None:  # fmt: skip
        """Add a quad; ``rect``, and in ``shape`` radius, border and padding, are in pixels."""
        if self._count == len(self._quads):
            self._quads = np.concatenate([self._quads, np.zeros_like(self._quads)])
        red, green, blue = (c / 255.0 for c in colour)
        self._quads[self._count] = (tuple(rect), tuple(extra), (red, green, blue, alpha), tuple(border), tuple(shape))
        self._count += 1

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour, alpha: float = 1.0, radius: float = 0.0,
        border: float = 0.0, border_colour: Colour | None = None,
    ) -> None:  # fmt: skip
        """A rectangle with round corners and, if asked for, a border inside its edge."""
        s = self.scale
        edge = [c / 255.0 for c in border_colour or self.theme.line]
        shape = (min(radius, w / 2, h / 2) * s, border * s, BOX, 1)
        self._put((x * s, y * s, w * s, h * s), colour, alpha, shape, border=(*edge, alpha))

    def shadow(self, x: float, y: float, w: float, h: float, radius: float, strength: float, soft: float) -> None:
        """The soft shadow of a box."""
        s = self.scale
        self._put((x * s, y * s, w * s, h * s), _SHADE, strength, (radius * s, 0, SHADOW, soft * s))

    def panel(self, x: float, y: float, w: float, h: float, radius: float = 12.0, alpha: float = 0.96) -> None:
        """A card of paper with a hairline and a soft shadow."""
        self.shadow(x, y + 2, w, h, radius, 0.16 if self.theme is LIGHT else 0.4, 18)
        self.box(x, y, w, h, self.theme.paper, alpha, radius, 1.0)

    def stroke(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, alpha: float = 1.0, width: float = 1.5) -> None:
        """A straight line with round ends."""
        s = self.scale
        x0, y0, x1, y1, wide = x0 * s, y0 * s, x1 * s, y1 * s, width * s
        left, top, w, h = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        cx, cy = left + w / 2, top + h / 2
        self._put((left, top, w, h), colour, alpha, (wide / 2, 0, STROKE, wide + 1), (x0 - cx, y0 - cy, x1 - cx, y1 - cy))

    def image(self, x: float, y: float, w: float, h: float, picture: np.ndarray, radius: float = 6.0) -> None:
        """A picture, uint8 [height, width, 3], stretched over a rectangle; a sheet holds one of them, the last."""
        s, self.picture = self.scale, picture
        edge = [c / 255.0 for c in self.theme.line]
        self._put((x * s, y * s, w * s, h * s), (255, 255, 255), 1.0, (radius * s, s, IMAGE, 1), (0, 0, 1, 1), (*edge, 1.0))

    def _size(self, size: int) -> int:
        return max(6, round(size * self.scale))

    def length(self, words: str, size: int = 13, bold: bool = False) -> float:
        """How long a line of text is (points)."""
        return self.atlas.width(words, self._size(size), bold) / self.scale

    def line_height(self, size: int, bold: bool = False) -> float:
        """How high a line of text is (points)."""
        return self.atlas.height(self._size(size), bold) / self.scale

    def text(
        self, words: str, x: float, y: float, size: int = 13, colour: Colour | None = None, bold: bool = False, align: float = 0.0
    ) -> float:
        """A line of text with its top at ``y``; returns its length (points). ``align`` 0 starts it at ``x``, 1 ends it there."""
        s, pixels = self.scale, self._size(size)
        length = self.atlas.width(words, pixels, bold)
        pen, top = round(x * s - align * length), round(y * s)
        for letter in words:
            g = self.atlas.glyph(letter, pixels, bold)
            if g.width and letter != " ":
                uv = (g.x / SIDE, g.y / SIDE, g.width / SIDE, g.height / SIDE)
                self._put((pen, top, g.width, g.height), colour or self.theme.ink, 1.0, (0, 0, GLYPH, 0), uv)
            pen += round(g.advance)
        return length / s

    def fit(self, words: str, width: float, size: int = 13, bold: bool = False) -> str:
        """The words, shortened with an ellipsis to at most ``width`` points."""
        if self.length(words, size, bold) <= width:
            return words
        while words and self.length(words + "…", size, bold) > width:
            words = words[:-1]
        return words.rstrip() + "…"

    def wrap(self, words: str, width: float, size: int = 13, bold: bool = False) -> list[str]:
        """The words in lines of at most ``width`` points, broken between words."""
        lines = [""]
        for word in words.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.length(longer, size, bold) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return [self.fit(line, width, size, bold) for line in lines]

    def pill(
        self, words: str, x: float, y: float, size: int = 11, colour: Colour | None = None, fill: Colour | None = None, alpha: float = 0.9
    ) -> None:  # fmt: skip
        """Text on a rounded plate, centred on (x, y)."""
        w, h = self.length(words, size, True) + 14, size + 7
        self.box(x - w / 2, y - h / 2, w, h, fill or self.theme.paper, alpha, h / 2)
        self.text(words, x, y - self.line_height(size, True) / 2, size, colour, True, 0.5)

    def bubble(self, words: str, x: float, y: float, dot: Colour | None = None) -> Rect:
        """A speech bubble whose tail ends at (x, y); returns its rectangle."""
        s, paper, lead = self.scale, self.theme.paper, 15 if dot is not None else 0
        w, h = self.length(words, 13, True) + 24 + lead, 27
        left, top = round(x - w / 2), round(y - h - 9)
        self.shadow(left, top + 2, w, h, 13, 0.22, 14)
        self._put(((round(x) - 6) * s, (top + h - 1) * s, 12 * s, 8 * s), paper, 1.0, (0, 0, TAIL, 0))
        self.box(left, top, w, h, paper, 1.0, 13)
        if dot is not None:
            self.box(left + 12, top + 9, 9, 9, dot, 1.0, 4.5)
        self.text(words, left + 12 + lead, top + h / 2 - self.line_height(13, True) / 2, 13, None, True)
        return (left, top, w, h + 9)

    def over(self, image: np.ndarray) -> np.ndarray:
        """What is on the sheet drawn over uint8 [height, width, 3], by the CPU."""
        mixed = image.astype(np.float32) / np.float32(255)
        self.blend(mixed)
        drawn: np.ndarray = (mixed * 255.0 + 0.5).astype(np.uint8)
        return drawn

    def blend(self, image: np.ndarray, rows: tuple[int, int] | None = None) -> None:
        """Draw what is on the sheet over float32 [height, width, 3], sRGB in [0, 1], by the CPU: all of it, or from one row to another."""
        fields = (np.ascontiguousarray(self.quads[name]) for name in ("rect", "extra", "colour", "border", "shape"))
        raster.flat_quads(*fields, self.atlas.pixels, self.picture, image, *(rows or (0, len(image))))
