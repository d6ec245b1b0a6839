"""The card of the avatar that is followed: what it senses, where it is going, what it has earned."""

import math

import numpy as np

from avatarium.render import palette, plates
from avatarium.render.sheet import Sheet
from avatarium.render.source import Reading
from avatarium.worlds.core.rays import RANGE_M

WIDTH = 252
_PAD = 16
_DIAL = 54  # radius of the dial of rays, px


def draw(sheet: Sheet, name: str, colour: int, note: str, reading: Reading | None) -> float:
    """Put the card at the top right; returns how far down it reaches (px)."""
    x, y, inner = sheet.width - WIDTH - 20, 18, WIDTH - 2 * _PAD
    facts = [part.strip() for part in note.split(",") if part.strip()]
    height = _height(reading, len(facts))
    if y + height > sheet.height - 100:  # a low window shows the head alone
        reading, height = None, _height(None, len(facts))
    sheet.panel(x, y, WIDTH, height, alpha=0.96)
    _head(sheet, x + _PAD, y + 14, name, colour, reading.action if reading else "")
    at = y + 58.0
    if reading is not None:
        at = _senses(sheet, x + _PAD, at, inner, reading, palette.person(colour))
    for k, fact in enumerate(facts):
        sheet.text(sheet.fit(fact, inner, 12, k == 0), x + _PAD, at, 12, palette.INK if k == 0 else palette.MUTED, k == 0)
        at += 18
    if reading is not None:
        _reward(sheet, x + _PAD, at + 4, inner, reading)
    return y + height


def _height(reading: Reading | None, facts: int) -> float:
    if reading is None:
        return 62.0 + 18 * facts + (4 if facts else 0)
    return 58 + (2 * _DIAL + 26 if "nearness" in reading.features else 0) + 18 * facts + 66 + 17 * len(reading.terms) + 12


def _head(sheet: Sheet, x: float, y: float, name: str, colour: int, action: str) -> None:
    sheet.box(x, y, 32, 32, palette.person(colour), 1.0, 16)
    digits = "".join(c for c in name if c.isdigit())
    sheet.text(digits or name[:1].upper(), x + 16, y + 7, 14, palette.PAPER, True, 0.5)
    sheet.text(sheet.fit(plates.title(name), 170, 15, True), x + 44, y - 2, 15, bold=True)
    sheet.text(sheet.fit(action or "–", 170, 12), x + 44, y + 17, 12, palette.MUTED)


def _senses(sheet: Sheet, x: float, y: float, width: float, reading: Reading, colour: tuple[int, int, int]) -> float:
    """The dial of rays, ahead being up, and bars for what is a single number; returns where the next section begins."""
    sight = reading.sight(math.pi / 2)
    if sight is None:
        return y
    cx, cy = x + _DIAL, y + _DIAL
    sheet.box(cx - _DIAL, cy - _DIAL, 2 * _DIAL, 2 * _DIAL, (244, 246, 250), 1.0, _DIAL, 1.0)
    for angle, reach, kind in zip(sight.angles, sight.reach_m, sight.met, strict=True):
        r = 7 + (_DIAL - 10) * float(reach) / float(RANGE_M)
        ex, ey = cx + math.cos(angle) * r, cy - math.sin(angle) * r
        sheet.stroke(cx + math.cos(angle) * 7, cy - math.sin(angle) * 7, ex, ey, (150, 176, 226), 0.75, 1.4)
        if kind != "nothing":
            sheet.box(ex - 2.5, ey - 2.5, 5, 5, palette.SENSED[kind], 1.0, 2.5)
    if "compass" in reading.features:
        _needle(sheet, cx, cy, reading.features["compass"], colour)
    sheet.box(cx - 5, cy - 5, 10, 10, colour, 1.0, 5)
    sheet.text("what it senses", cx, cy + _DIAL + 3, 11, palette.MUTED, align=0.5)
    _bars(sheet, x + 2 * _DIAL + 16, y + 2, width - 2 * _DIAL - 16, reading)
    return y + 2 * _DIAL + 26


def _needle(sheet: Sheet, cx: float, cy: float, ahead_left: np.ndarray, colour: tuple[int, int, int]) -> None:
    """An arrow on the dial's rim towards the destination."""
    ahead, left = float(ahead_left[0]), float(ahead_left[1])
    length = math.hypot(ahead, left)
    if length < 1e-3:
        return
    dx, dy = -left / length, -ahead / length
    tip = (cx + dx * (_DIAL - 3), cy + dy * (_DIAL - 3))
    sheet.stroke(cx + dx * (_DIAL - 16), cy + dy * (_DIAL - 16), *tip, colour, 1.0, 3.0)
    for side in (-1, 1):
        sheet.stroke(*tip, tip[0] - dx * 6 + side * dy * 5, tip[1] - dy * 6 - side * dx * 5, colour, 1.0, 3.0)


def _bars(sheet: Sheet, x: float, y: float, width: float, reading: Reading) -> None:
    """Up to four sensed numbers that stand alone, as bars."""
    single = [(name, float(value[0])) for name, value in reading.features.items() if len(value) == 1][:4]
    for k, (name, value) in enumerate(single):
        top = y + 29 * k
        sheet.text(sheet.fit(name.replace("_", " "), width, 11), x, top - 3, 11, palette.MUTED)
        sheet.box(x, top + 13, width, 5, (232, 236, 242), 1.0, 2.5)
        sheet.box(x, top + 13, max(5.0, width * min(max(value, 0.0), 1.0)), 5, palette.ACCENT, 1.0, 2.5)


def _reward(sheet: Sheet, x: float, y: float, width: float, reading: Reading) -> None:
    sheet.box(x, y, width, 1, (232, 235, 240))
    total = float(reading.course[-1])
    sheet.text("reward so far", x, y + 8, 12, bold=True)
    sheet.text(f"{total:+.2f}", x + width, y + 8, 12, palette.ACCENT if total >= 0 else palette.WARNING, True, 1.0)
    _curve(sheet, x, y + 28, width, 26, reading.course)
    for k, (term, value) in enumerate(reading.terms.items()):
        top = y + 61 + 17 * k
        sheet.text(term.replace("_", " "), x, top, 11, palette.MUTED)
        sheet.text(f"{value:+.2f}", x + width, top, 11, palette.INK, align=1.0)


def _curve(sheet: Sheet, x: float, y: float, width: float, height: float, course: np.ndarray) -> None:
    """Reward over time as a line, with the level of nothing behind it."""
    low, high = min(float(course.min()), 0.0), max(float(course.max()), 0.0)
    scale = height / max(high - low, 1e-6)
    zero = y + height + low * scale
    sheet.box(x, zero - 0.5, width, 1, (226, 230, 238))
    picked = course[np.unique(np.linspace(0, len(course) - 1, 56).astype(int))]
    if len(picked) < 2:
        return
    across = np.linspace(x, x + width, len(picked)).tolist()
    up = (y + height - (picked - low) * scale).tolist()
    for x0, y0, x1, y1 in zip(across, up, across[1:], up[1:], strict=False):
        sheet.stroke(x0, y0, x1, y1, palette.ACCENT, 0.9, 1.6)
