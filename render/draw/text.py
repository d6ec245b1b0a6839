"""Letters as pictures: one grey atlas that both renderers read."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np

from avatarium.worlds.core.errors import need

_FONTS = {False: "Inter-Regular.ttf", True: "Inter-SemiBold.ttf"}
SIDE = 1024
"""Width and height of the atlas in texels."""


@dataclass(frozen=True)
class Glyph:
    """A letter in the atlas: its corner and size in texels, and how far the pen moves (px)."""

    x: int
    y: int
    width: int
    height: int
    advance: float


class Atlas:
    """Letters drawn once each by pygame's FreeType into ``pixels``, uint8 [SIDE, SIDE]; ``version`` grows with every new one."""

    def __init__(self) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        self._pygame = need("pygame", "render")
        self.pixels = np.zeros((SIDE, SIDE), np.uint8)
        self.version = 0
        self._fonts: dict[tuple[int, bool], Any] = {}
        self._glyphs: dict[tuple[str, int, bool], Glyph] = {}
        self._pen = [1, 1, 0]

    def _font(self, size: int, bold: bool) -> Any:
        if not self._fonts:
            self._pygame.font.init()
            self._pygame.register_quit(_forget(ref(self)))
        if (size, bold) not in self._fonts:
            path = Path(__file__).parent / "fonts" / _FONTS[bold]
            self._fonts[size, bold] = self._pygame.font.Font(str(path), size)
        return self._fonts[size, bold]

    def forget(self) -> None:
        """Let go of the fonts: whoever calls ``pygame.quit()``, another environment perhaps, leaves them dangling."""
        self._fonts.clear()

    def glyph(self, letter: str, size: int, bold: bool = False) -> Glyph:
        """The letter at ``size`` px, added to the atlas when it is new; a full atlas shows it as a gap."""
        at = (letter, size, bold)
        if at not in self._glyphs:
            self._glyphs[at] = self._add(letter, size, bold)
        return self._glyphs[at]

    def _add(self, letter: str, size: int, bold: bool) -> Glyph:
        font = self._font(size, bold)
        metrics = font.metrics(letter)[0]
        advance = float(metrics[4]) if metrics else size * 0.5
        surface = font.render(letter, True, (255, 255, 255))
        alpha = self._pygame.surfarray.array_alpha(surface).T
        h, w = alpha.shape
        x, y, row = self._pen
        if x + w + 1 > SIDE:
            x, y, row = 1, y + row + 1, 0
        if y + h + 1 > SIDE:
            return Glyph(0, 0, 0, 0, advance)
        self.pixels[y : y + h, x : x + w] = alpha
        self.version += 1
        self._pen = [x + w + 1, y, max(row, h)]
        return Glyph(x, y, w, h, advance)

    def width(self, text: str, size: int, bold: bool = False) -> float:
        """Length of a line of text (px)."""
        return sum(self.glyph(letter, size, bold).advance for letter in text)

    def height(self, size: int, bold: bool = False) -> int:
        """Height of a line of text (px)."""
        return int(self._font(size, bold).get_height())


def _forget(atlas: "ref[Atlas]") -> Callable[[], None]:
    """What pygame calls when it quits; it does not keep the atlas alive."""

    def forget() -> None:
        found = atlas()
        if found is not None:
            found.forget()

    return forget
