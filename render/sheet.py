"""Flat drawing over a picture: panels, pills, lines and text, collected as instances of one kind of quad."""

from collections.abc import Sequence

import numpy as np

from avatarium.render import palette
from avatarium.render.text import SIDE, Atlas

QUAD = np.dtype([("rect", "f4", 4), ("extra", "f4", 4), ("colour", "f4", 4), ("border", "f4", 4), ("shape", "f4", 4)])
"""x, y, width, height (px, from the top left); atlas corner and size, or the ends of a line relative to the middle; fill and border
colour (sRGB, opacity); radius, border width, kind, padding (px)."""

BOX, GLYPH, SHADOW, TAIL, STROKE = range(5)
"""Kinds of quad: rounded box, letter, soft shadow of a box, downward triangle, round-ended line."""

Colour = Sequence[float]


class Sheet:
    """Quads to draw in order; coordinates are pixels from the top left of a picture ``width`` x ``height``."""

    def __init__(self, atlas: Atlas, width: int, height: int) -> None:
        self.atlas, self.width, self.height = atlas, width, height
        self._quads = np.zeros(512, QUAD)
        self._count = 0

    @property
    def quads(self) -> np.ndarray:
        """QUAD [Q]: what has been put so far."""
        return self._quads[: self._count]

    def clear(self, width: int, height: int) -> None:
        """Start an empty sheet of another size."""
        self.width, self.height, self._count = width, height, 0

    def _put(
        self, rect: Sequence[float], colour: Colour, alpha: float, shape: Sequence[float],
        extra: Sequence[float] = (0, 0, 0, 0), border: Sequence[float] = (0, 0, 0, 0),
    ) -> None:  # fmt: skip
        if self._count == len(self._quads):
            self._quads = np.concatenate([self._quads, np.zeros_like(self._quads)])
        red, green, blue = (c / 255.0 for c in colour)
        self._quads[self._count] = (tuple(rect), tuple(extra), (red, green, blue, alpha), tuple(border), tuple(shape))
        self._count += 1

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour, alpha: float = 1.0, radius: float = 0.0,
        border: float = 0.0, border_colour: Colour = palette.LINE,
    ) -> None:  # fmt: skip
        """A rectangle with round corners and, if asked for, a border inside its edge."""
        edge = [c / 255.0 for c in border_colour]
        self._put((x, y, w, h), colour, alpha, (min(radius, w / 2, h / 2), border, BOX, 1), border=(*edge, alpha))

    def panel(self, x: float, y: float, w: float, h: float, radius: float = 12.0, alpha: float = 0.94) -> None:
        """A white card with a hairline and a soft shadow."""
        self._put((x, y + 2, w, h), (30, 38, 58), 0.15, (radius, 0, SHADOW, 18))
        self.box(x, y, w, h, palette.PAPER, alpha, radius, 1.0)

    def stroke(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, alpha: float = 1.0, width: float = 1.5) -> None:
        """A straight line with round ends."""
        left, top, w, h = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        cx, cy = left + w / 2, top + h / 2
        self._put((left, top, w, h), colour, alpha, (width / 2, 0, STROKE, width + 1), (x0 - cx, y0 - cy, x1 - cx, y1 - cy))

    def text(
        self, words: str, x: float, y: float, size: int = 13, colour: Colour = palette.INK, bold: bool = False, align: float = 0.0
    ) -> float:
        """A line of text with its top at ``y``; returns its length (px). ``align`` 0 starts it at ``x``, 1 ends it there."""
        length = self.atlas.width(words, size, bold)
        pen, top = round(x - align * length), round(y)
        for letter in words:
            g = self.atlas.glyph(letter, size, bold)
            if g.width and letter != " ":
                uv = (g.x / SIDE, g.y / SIDE, g.width / SIDE, g.height / SIDE)
                self._put((pen, top, g.width, g.height), colour, 1.0, (0, 0, GLYPH, 0), uv)
            pen += round(g.advance)
        return length

    def fit(self, words: str, width: float, size: int = 13, bold: bool = False) -> str:
        """The words, shortened with an ellipsis to at most ``width`` px."""
        if self.atlas.width(words, size, bold) <= width:
            return words
        while words and self.atlas.width(words + "…", size, bold) > width:
            words = words[:-1]
        return words.rstrip() + "…"

    def pill(
        self,
        words: str,
        x: float,
        y: float,
        size: int = 11,
        colour: Colour = palette.INK,
        fill: Colour = palette.PAPER,
        alpha: float = 0.86,
    ) -> None:
        """Text on a rounded plate, centred on (x, y)."""
        w, h = self.atlas.width(words, size, True) + 14, size + 7
        self.box(round(x - w / 2), round(y - h / 2), w, h, fill, alpha, h / 2)
        self.text(words, x, y - self.atlas.height(size, True) / 2, size, colour, True, 0.5)

    def bubble(self, words: str, x: float, y: float, dot: Colour | None = None) -> tuple[float, float, float, float]:
        """A speech bubble whose tail ends at (x, y); returns its rectangle."""
        lead = 15 if dot is not None else 0
        w, h = self.atlas.width(words, 13, True) + 24 + lead, 27
        left, top = round(x - w / 2), round(y - h - 9)
        self._put((left, top + 2, w, h), (30, 38, 58), 0.20, (13, 0, SHADOW, 14))
        self._put((round(x) - 6, top + h - 1, 12, 8), palette.PAPER, 1.0, (0, 0, TAIL, 0))
        self.box(left, top, w, h, palette.PAPER, 1.0, 13)
        if dot is not None:
            self.box(left + 12, top + 9, 9, 9, dot, 1.0, 4.5)
        self.text(words, left + 12 + lead, top + h / 2 - self.atlas.height(13, True) / 2, 13, palette.INK, True)
        return (left, top, w, h + 9)
