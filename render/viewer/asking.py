"""A question in the window: a card over what it shows, and the key that answers it."""

import time
from collections.abc import Sequence

import numpy as np

from avatarium.render.draw.frames import Studio
from avatarium.render.draw.sheet import Sheet
from avatarium.render.viewer.screen import Screen

_WIDTH, _LINE = 440, 20
_SHOWN_KEYS = {"return": "Enter", "escape": "Esc", "space": "Space"}


def confirm(screen: Screen, studio: Studio, title: str, lines: Sequence[str], yes: str = "return", no: str = "escape") -> bool:
    """Ask with a card in the window and wait: True for the key ``yes``, False for the key ``no`` or for closing the window.

    Keys are named as ``pygame.key.name`` names them. Nothing else is done while the card is there.
    """
    behind, asked = screen.shown(), (0, 0)
    while True:
        for event in screen.events():
            kind = screen.kind(event)
            if kind == "quit" or (kind == "keydown" and screen.key(event) == no):
                return False
            if kind == "keydown" and screen.key(event) == yes:
                return True
        if asked != screen.size:
            asked = screen.size
            screen.show(_card(studio, behind, asked, screen.scale, title, lines, yes, no))
        time.sleep(1 / 60)


def _card(
    studio: Studio, behind: np.ndarray, size: tuple[int, int], scale: float, title: str, lines: Sequence[str], yes: str, no: str
) -> np.ndarray:
    """The picture with the card in its middle, uint8 [height, width, 3]."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    high, wide = min(height, behind.shape[0]), min(width, behind.shape[1])
    image[:high, :wide] = behind[:high, :wide]
    sheet = studio.sheet
    if sheet is None:
        return image
    sheet.clear(width, height, scale, sheet.theme)  # in the look of the last frame
    question(sheet, title, lines, yes, no)
    return sheet.over(image)


def question(sheet: Sheet, title: str, lines: Sequence[str], yes: str, no: str) -> None:
    """Put a card with a title, lines of text and the two keys in the middle of the sheet."""
    width = min(_WIDTH, sheet.width - 24)
    rows = [part for line in lines for part in sheet.wrap(line, width - 48, 13)]
    height = 96 + _LINE * len(rows)
    x, y = (sheet.width - width) / 2, max(8.0, (sheet.height - height) / 2)
    sheet.box(0, 0, sheet.width, sheet.height, (28, 34, 46), 0.35)
    sheet.panel(x, y, width, height, 14, 1.0)
    sheet.text(sheet.fit(title, width - 48, 16, True), x + 24, y + 18, 16, bold=True)
    for k, row in enumerate(rows):
        sheet.text(row, x + 24, y + 50 + _LINE * k, 13)
    pen = x + 24.0
    for key, meaning, colour in ((yes, "yes", sheet.theme.accent), (no, "no", sheet.theme.muted)):
        pen += sheet.text(_SHOWN_KEYS.get(key, key.upper()), pen, y + height - 34, 13, colour, True) + 6
        pen += sheet.text(meaning, pen, y + height - 34, 13) + 22
