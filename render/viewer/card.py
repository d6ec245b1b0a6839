"""The card of the avatar that is followed: what it sees and senses, what its policy thinks, what it has earned."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.theme import contrast
from avatarium.render.viewer import plates
from avatarium.render.viewer.curves import bars, line
from avatarium.render.viewer.layout import CARD_WIDTH, Rect
from avatarium.render.viewer.source import Reading
from avatarium.worlds.core.rays import RANGE_M

_PAD = 16
_DIAL = 52
"""Radius of the dial of rays."""
PICTURE = 2 * _DIAL
"""Side of the picture of what the avatar sees."""
_HEAD = 58
_CURVES = {"value": ("value estimate", 4), "intrinsic": ("intrinsic reward", 6), "extrinsic": ("extrinsic reward", 5)}
"""What curves are called, and how soon they are left out."""


@dataclass(frozen=True)
class Person:
    """Whom the card is about: name, colour, a line of facts, the reading of its senses, and the picture of what it sees."""

    name: str
    colour: tuple[int, int, int]
    note: str
    reading: Reading | None
    sight: np.ndarray | None
    """uint8 [h, w, 3]."""


@dataclass(frozen=True)
class _Section:
    """A part of the card: how high it is, how soon it is left out (largest first), and what draws it from a height on."""

    height: float
    spare: int
    draw: Callable[[float], None]


def draw(sheet: Sheet, room: Rect, person: Person) -> float:
    """Put the card into ``room``, as much of it as fits; returns how far down it reaches."""
    x, inner = room.x + _PAD, CARD_WIDTH - 2 * _PAD
    parts = [part for part in _sections(sheet, x, inner, person) if part.height]
    while parts and _HEAD + sum(part.height for part in parts) + 8 > room.height:
        parts.remove(max(parts, key=lambda part: part.spare))
    height = _HEAD + sum(part.height for part in parts) + (8 if parts else 0)
    sheet.panel(room.x, room.y, CARD_WIDTH, height)
    _head(sheet, x, room.y + 14, person)
    at = room.y + _HEAD
    for part in parts:
        part.draw(at)
        at += part.height
    return room.y + height


def _sections(sheet: Sheet, x: float, width: float, person: Person) -> list[_Section]:
    """What the card can show, from top to bottom."""
    reading = person.reading
    facts = [part.strip() for part in person.note.split(",") if part.strip()]
    told = _Section(18.0 * len(facts), 2, lambda y: _facts(sheet, x, y, width, facts))
    if reading is None:
        return [told]
    seen = person.sight is not None or "nearness" in reading.features
    single = [(name, float(value[0])) for name, value in reading.features.items() if len(value) == 1][:4]
    extrinsic = np.diff(reading.course, prepend=0.0)
    sections = [
        _Section(2.0 * _DIAL + 24 if seen else 0, 1, lambda y: _senses(sheet, x, y, width, person)),
        _Section(29.0 * (-(-len(single) // 2)) + 4 if single else 0, 7, lambda y: _bars(sheet, x, y, width, single)),
        told,
    ]
    curves = [(name, reading.readouts[name]) for name in ("value", "intrinsic") if name in reading.readouts]
    for name, rows in [*curves, ("extrinsic", extrinsic)]:
        title, spare = _CURVES[name]
        colour = sheet.theme.curves[name]
        sections.append(_Section(54, spare, partial(_curve, sheet, x, width, title, rows, colour)))
    sections.append(_Section(52, 3, lambda y: _total(sheet, x, y, width, reading)))
    sections.append(_Section(16.0 * len(reading.terms), 8, lambda y: _terms(sheet, x, y, width, reading)))
    return sections


def _curve(sheet: Sheet, x: float, width: float, title: str, rows: np.ndarray, colour: tuple[int, int, int], y: float) -> None:
    bars(sheet, Rect(x, y, width, 50), title, rows, colour)


def _head(sheet: Sheet, x: float, y: float, person: Person) -> None:
    digits = "".join(c for c in person.name if c.isdigit())
    badge(sheet, x, y, person.colour, digits or person.name[:1].upper())
    action = person.reading.action if person.reading else ""
    sheet.text(sheet.fit(plates.title(person.name), 170, 15, True), x + 44, y - 2, 15, bold=True)
    sheet.text(sheet.fit(action or "–", 170, 12), x + 44, y + 17, 12, sheet.theme.muted)


def badge(sheet: Sheet, x: float, y: float, colour: tuple[int, int, int], words: str, size: float = 32) -> None:
    """A disc in an avatar's colour with its number: dark figures on light colours, light ones on dark."""
    sheet.box(x, y, size, size, colour, 1.0, size / 2)
    ink = max(((20, 24, 32), (255, 255, 255)), key=lambda tone: contrast(tone, colour))
    pixels = 14 if size > 24 else 11
    sheet.text(words, x + size / 2, y + size / 2 - sheet.line_height(pixels, True) / 2, pixels, ink, True, 0.5)


def _facts(sheet: Sheet, x: float, y: float, width: float, facts: list[str]) -> None:
    for k, fact in enumerate(facts):
        colour = sheet.theme.ink if k == 0 else sheet.theme.muted
        sheet.text(sheet.fit(fact, width, 12, k == 0), x, y + 18 * k, 12, colour, k == 0)


def _senses(sheet: Sheet, x: float, y: float, width: float, person: Person) -> None:
    """What it sees, as a picture, and the dial of its rays, ahead being up."""
    muted, reading = sheet.theme.muted, person.reading
    pen = x
    if person.sight is not None:
        high, wide = person.sight.shape[:2]
        across, down = PICTURE * min(1.0, wide / high), PICTURE * min(1.0, high / wide)
        sheet.image(x + (PICTURE - across) / 2, y + (PICTURE - down) / 2, across, down, person.sight, 8)
        sheet.text("what it sees", x + PICTURE / 2, y + PICTURE + 3, 11, muted, align=0.5)
        pen = x + width - PICTURE
    if reading is not None and "nearness" in reading.features:
        _dial(sheet, pen + _DIAL, y + _DIAL, reading, person.colour)
        sheet.text("what it senses", pen + _DIAL, y + PICTURE + 3, 11, muted, align=0.5)


def _dial(sheet: Sheet, cx: float, cy: float, reading: Reading, colour: tuple[int, int, int]) -> None:
    sight, theme = reading.sight(math.pi / 2), sheet.theme
    assert sight is not None
    sheet.box(cx - _DIAL, cy - _DIAL, 2 * _DIAL, 2 * _DIAL, theme.well, 1.0, _DIAL, 1.0)
    for angle, reach, kind in zip(sight.angles, sight.reach_m, sight.met, strict=True):
        r = 7 + (_DIAL - 10) * float(reach) / float(RANGE_M)
        ex, ey = cx + math.cos(angle) * r, cy - math.sin(angle) * r
        sheet.stroke(cx + math.cos(angle) * 7, cy - math.sin(angle) * 7, ex, ey, theme.accent, 0.5, 1.4)
        if kind != "nothing":
            sheet.box(ex - 2.5, ey - 2.5, 5, 5, theme.sensed[kind], 1.0, 2.5)
    if "compass" in reading.features:
        _needle(sheet, cx, cy, reading.features["compass"], colour)
    sheet.box(cx - 5, cy - 5, 10, 10, colour, 1.0, 5)


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


def _bars(sheet: Sheet, x: float, y: float, width: float, single: list[tuple[str, float]]) -> None:
    """Sensed numbers that stand alone, as bars, two in a row."""
    each = (width - 14) / 2
    for k, (name, value) in enumerate(single):
        left, top = x + (k % 2) * (each + 14), y + 29 * (k // 2)
        sheet.text(sheet.fit(name.replace("_", " "), each, 11), left, top - 2, 11, sheet.theme.muted)
        sheet.box(left, top + 14, each, 5, sheet.theme.rail, 1.0, 2.5)
        sheet.box(left, top + 14, max(5.0, each * min(max(value, 0.0), 1.0)), 5, sheet.theme.accent, 1.0, 2.5)


def _total(sheet: Sheet, x: float, y: float, width: float, reading: Reading) -> None:
    total, theme = float(reading.course[-1]), sheet.theme
    sheet.box(x, y + 1, width, 1, theme.rail)
    sheet.text("reward so far", x, y + 6, 12, bold=True)
    sheet.text(f"{total:+.2f}", x + width, y + 6, 12, theme.accent if total >= 0 else theme.warning, True, 1.0)
    line(sheet, Rect(x, y + 25, width, 22), reading.course, theme.accent)


def _terms(sheet: Sheet, x: float, y: float, width: float, reading: Reading) -> None:
    for k, (term, value) in enumerate(reading.terms.items()):
        sheet.text(term.replace("_", " "), x, y + 16 * k, 11, sheet.theme.muted)
        sheet.text(f"{value:+.2f}", x + width, y + 16 * k, 11, align=1.0)
