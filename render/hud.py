"""The viewer's panels: title, cameras, timeline, legend, help. What can be clicked comes back as buttons."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.render import palette
from avatarium.render.camera import NAMES
from avatarium.render.sheet import Sheet

HELP = (
    ("space", "play or pause"),
    ("← →", "a step back or on (with shift: ten)"),
    (", .", "slower or faster"),
    ("home end", "beginning or end"),
    ("1 2 3 4", "camera: orbit, follow, top, first person"),
    ("tab, click", "choose whom to follow"),
    ("drag, wheel", "turn and zoom the view (right button: move it)"),
    ("R", "what it senses, drawn on the floor"),
    ("T  N  B", "trails, names, speech bubbles"),
    ("U", "panels on or off"),
    ("P", "save a picture (PNG)"),
    ("H", "this help"),
    ("esc, Q", "leave"),
)
TRACK_LEFT, TRACK_RIGHT, PANEL_HEIGHT = 96, 186, 62
CAMERA_TITLES = dict(zip(NAMES, ("Orbit", "Follow", "Top", "Eyes"), strict=True))


@dataclass(frozen=True)
class Button:
    """Something to click: its rectangle (px) and what it does."""

    x: float
    y: float
    width: float
    height: float
    action: str

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True)
class Status:
    """What the panels tell."""

    title: str
    subtitle: str
    now: float
    length: int
    playing: bool
    speed: float
    camera: str
    marks: np.ndarray
    """float32 [M, 3]: step, kind and weight (1 = of the followed avatar) of events on the timeline."""
    kinds: Sequence[str]
    message: str = ""
    live: bool = False


def track(width: int, height: int) -> tuple[float, float, float]:
    """Left end, length and height above the top (px) of the timeline."""
    return TRACK_LEFT, max(40.0, width - TRACK_LEFT - TRACK_RIGHT), height - PANEL_HEIGHT - 20 + 26


def step_at(x: float, width: int, length: int) -> float:
    """The step that a pixel of the timeline stands for."""
    left, across, _ = track(width, 0)
    return min(max((x - left) / across, 0.0), 1.0) * length


def draw(sheet: Sheet, status: Status) -> list[Button]:
    """Put title, cameras, legend and timeline on the sheet."""
    buttons = [*_title(sheet, status), *_timeline(sheet, status)]
    _legend(sheet, status)
    if status.message:
        sheet.pill(status.message, sheet.width / 2, 36, 13, palette.PAPER, palette.INK, 0.88)
    return buttons


def _title(sheet: Sheet, status: Status) -> list[Button]:
    width = 236
    sheet.panel(20, 18, width, 86, alpha=0.96)
    sheet.text(sheet.fit(status.title, width - 32, 14, True), 36, 26, 14, bold=True)
    sheet.text(sheet.fit(status.subtitle, width - 32, 12), 36, 46, 12, palette.MUTED)
    sheet.box(36, 68, width - 32, 24, (236, 239, 244), 1.0, 8)
    buttons, each = [], (width - 32) / len(NAMES)
    for k, name in enumerate(NAMES):
        left = 36 + k * each
        if name == status.camera:
            sheet.box(left + 2, 70, each - 4, 20, palette.PAPER, 1.0, 6, 1.0)
        sheet.text(
            CAMERA_TITLES[name],
            left + each / 2,
            72,
            12,
            palette.INK if name == status.camera else palette.MUTED,
            name == status.camera,
            0.5,
        )
        buttons.append(Button(left, 68, each, 24, name))
    return buttons


def _timeline(sheet: Sheet, status: Status) -> list[Button]:
    left, across, y = track(sheet.width, sheet.height)
    top, length = sheet.height - PANEL_HEIGHT - 20, max(status.length, 1)
    sheet.panel(20, top, sheet.width - 40, PANEL_HEIGHT)
    _play(sheet, 36, top + 14, status.playing)
    sheet.box(left, y, across, 6, (226, 231, 239), 1.0, 3)
    sheet.box(left, y, max(6.0, across * status.now / length), 6, palette.ACCENT, 1.0, 3)
    for step, kind, weight in status.marks.tolist():
        tall = 9 if weight >= 1 else 5
        x = round(left + across * step / length)
        sheet.box(x - 1.5, y - 5 - tall, 3, tall, palette.EVENTS[int(kind) % len(palette.EVENTS)], 0.95 if weight >= 1 else 0.5, 1.5)
    for value in _scale(length):
        sheet.text(str(value), left + across * value / length, y + 10, 10, palette.MUTED, align=0.5)
    sheet.box(left + across * status.now / length - 8, y - 5, 16, 16, palette.PAPER, 1.0, 8, 3.0, palette.ACCENT)
    right = sheet.width - 40
    sheet.text(f"{int(status.now)} / {status.length}", right, top + 11, 13, bold=True, align=1.0)
    pace = "live" if status.live else f"{status.speed:g}×"
    sheet.text(f"{pace} · {status.now * 0.1:.1f} s · H help", right, top + 32, 11, palette.MUTED, align=1.0)
    return [Button(30, top + 8, 46, 46, "play"), Button(left - 10, top, across + 20, PANEL_HEIGHT, "scrub")]


def _play(sheet: Sheet, x: float, y: float, playing: bool) -> None:
    sheet.box(x, y, 34, 34, palette.INK, 1.0, 17)
    if playing:
        for k in range(2):
            sheet.box(x + 11 + 8 * k, y + 10, 4, 14, palette.PAPER, 1.0, 1.5)
        return
    for k in range(11):  # a triangle of upright lines
        sheet.stroke(x + 13 + k, y + 11 + k * 0.56, x + 13 + k, y + 23 - k * 0.56, palette.PAPER, 1.0, 1.4)


def _scale(length: int) -> range:
    """Round numbers to write under the timeline."""
    wanted = length / 6
    unit = 10 ** int(np.floor(np.log10(max(wanted, 1.0))))
    unit *= next(m for m in (1, 2, 5, 10) if m * unit >= wanted)
    return range(0, length + 1, unit)


def _legend(sheet: Sheet, status: Status) -> None:
    """Which colour of tick stands for which kind of event, for the kinds that occur."""
    present = [k for k in range(len(status.kinds)) if len(status.marks) and (status.marks[:, 1] == k).any()]
    names = [status.kinds[k].replace("_", " ") for k in present]
    width = sum(24 + sheet.atlas.width(name, 12) + 8 for name in names) + 12
    if not names or width > sheet.width - 40:
        return
    y, x = sheet.height - PANEL_HEIGHT - 54, 34.0
    sheet.panel(20, y, width, 26, 13, 0.9)
    for k, name in zip(present, names, strict=True):
        sheet.box(x, y + 8, 10, 10, palette.EVENTS[k % len(palette.EVENTS)], 1.0, 5)
        x += 16 + sheet.text(name, x + 16, y + 5, 12) + 16


def help_card(sheet: Sheet) -> None:
    """Every key and what it does, in the middle."""
    width, row = 460, 26
    height = 62 + row * len(HELP)
    x, y = (sheet.width - width) / 2, max(10.0, (sheet.height - height) / 2)
    sheet.box(0, 0, sheet.width, sheet.height, (28, 34, 46), 0.28)
    sheet.panel(x, y, width, height, 14, 0.98)
    sheet.text("Keys", x + 24, y + 18, 16, bold=True)
    for k, (keys, meaning) in enumerate(HELP):
        top = y + 50 + k * row
        sheet.text(keys, x + 24, top, 13, palette.ACCENT, True)
        sheet.text(meaning, x + 130, top, 13)


def marks(events: np.ndarray, chosen: int, length: int, columns: float) -> np.ndarray:
    """Events for the timeline, float32 [M, 3] (see ``Status.marks``), one per pixel; kinds that happen all the time are left out."""
    if not len(events):
        return np.zeros((0, 3), np.float32)
    counts = np.bincount(events["kind"])
    rare = events[counts[events["kind"]] <= max(40, length // 4)]
    own = rare["who"] == chosen
    order = np.lexsort((rare["kind"], ~own))
    rare, own = rare[order], own[order]
    pixel = np.round((rare["step"] + 1) / max(length, 1) * columns / 3).astype(int)
    _, first = np.unique(pixel, return_index=True)
    return np.stack([rare["step"][first] + 1, rare["kind"][first], own[first]], axis=1).astype(np.float32)
