"""Small diagrams: a number over time as bars or as a line."""

import numpy as np

from avatarium.render.draw.sheet import Colour, Sheet
from avatarium.render.viewer.layout import Rect

_BARS = 55
_POINTS = 56


def bars(sheet: Sheet, room: Rect, title: str, rows: np.ndarray, colour: Colour) -> None:
    """A title, the newest of ``rows`` float32 [T], and the last of them as bars over and under nothing; the newest is the boldest."""
    sheet.box(room.x, room.y + 1, room.width, 1, sheet.theme.rail)
    rows = rows[np.isfinite(rows)]
    newest = float(rows[-1]) if len(rows) else 0.0
    sheet.text(title, room.x, room.y + 6, 12, bold=True)
    sheet.text(f"{newest:+.2f}", room.x + room.width, room.y + 6, 12, colour, True, 1.0)
    last = rows[-_BARS:]
    low, high = min(float(rows.min(initial=0.0)), 0.0), max(float(rows.max(initial=0.0)), 0.0)
    top, height = room.y + 24, room.height - 26
    unit, each = height / max(high - low, 1e-6), room.width / _BARS
    zero = top + high * unit
    left = room.x + (_BARS - len(last)) * each
    for k, value in enumerate(last.tolist()):
        tall = max(abs(value) * unit, 1.0)
        alpha = 1.0 if k == len(last) - 1 else 0.42
        sheet.box(left + k * each + 0.5, zero - tall if value >= 0 else zero, max(each - 1, 1.0), tall, colour, alpha, 0.8)


def line(sheet: Sheet, room: Rect, course: np.ndarray, colour: Colour, grounded: bool = True) -> None:
    """``course`` float32 [T] as a line; ``grounded`` with the level of nothing behind it, else over its own range alone."""
    course = course[np.isfinite(course)]
    if not len(course):
        return
    low, high = float(course.min()), float(course.max())
    if grounded:
        low, high = min(low, 0.0), max(high, 0.0)
    unit = room.height / max(high - low, 1e-6)
    sheet.box(room.x, room.y + room.height + (low * unit if grounded else 0.0) - 0.5, room.width, 1, sheet.theme.rail)
    picked = course[np.unique(np.linspace(0, len(course) - 1, _POINTS).astype(int))]
    if len(picked) < 2:
        return
    across = np.linspace(room.x, room.x + room.width, len(picked)).tolist()
    up = (room.y + room.height - (picked - low) * unit).tolist()
    for x0, y0, x1, y1 in zip(across, up, across[1:], up[1:], strict=False):
        sheet.stroke(x0, y0, x1, y1, colour, 0.95, 1.6)
