"""The viewer's panels round the picture: title, cameras, timeline. What can be clicked comes back as buttons."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.render.draw.camera import NAMES
from avatarium.render.draw.sheet import Sheet
from avatarium.render.viewer.layout import Layout
from avatarium.render.viewer.source import STEP_S

CAMERA_TITLES = dict(zip(NAMES, ("Orbit", "Follow", "Top", "Eyes"), strict=True))
_NEAR = 4.0
"""Points from a tick within which the mouse means it."""
_TOLD = 5
"""Events in a tooltip, at most."""


@dataclass(frozen=True)
class Button:
    """Something to click: its rectangle (points) and what it does."""

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
    live: bool = False
    panes: int = 1


def title(sheet: Sheet, layout: Layout, status: Status) -> list[Button]:
    """The panel at the top left: what is shown, by whom, and the choice of cameras."""
    at, theme = layout.title, sheet.theme
    sheet.panel(at.x, at.y, at.width, at.height)
    inner = at.width - 32
    size = next((points for points in (14, 13, 12) if sheet.length(status.title, points, True) <= inner), 12)
    sheet.text(sheet.fit(status.title, inner, size, True), at.x + 16, at.y + 8, size, bold=True)
    if not layout.cameras:
        return []
    sheet.text(sheet.fit(status.subtitle, inner, 12), at.x + 16, at.y + 28, 12, theme.muted)
    top = at.y + 50
    sheet.box(at.x + 16, top, inner, 24, theme.well, 1.0, 8)
    buttons, each = [], inner / len(NAMES)
    for k, name in enumerate(NAMES):
        left, chosen = at.x + 16 + k * each, name == status.camera
        if chosen:
            sheet.box(left + 2, top + 2, each - 4, 20, theme.paper, 1.0, 6, 1.0)
        sheet.text(CAMERA_TITLES[name], left + each / 2, top + 4, 12, theme.ink if chosen else theme.muted, chosen, 0.5)
        buttons.append(Button(left, top, each, 24, name))
    return buttons


def timeline(sheet: Sheet, layout: Layout, status: Status) -> list[Button]:
    """The panel at the bottom: play, the rail with ticks of events, where one is."""
    at, rail, theme = layout.timeline, layout.track, sheet.theme
    length, small = max(status.length, 1), layout.small
    sheet.panel(at.x, at.y, at.width, at.height)
    knob = 26 if small else 34
    _play(sheet, at.x + (10 if small else 16), at.y + (at.height - knob) / 2, knob, status.playing)
    sheet.box(rail.x, rail.y, rail.width, rail.height, theme.rail, 1.0, 3)
    sheet.box(rail.x, rail.y, max(6.0, rail.width * min(status.now / length, 1.0)), rail.height, theme.accent, 1.0, 3)
    for step, kind, weight in status.marks.tolist():
        tall = 9 if weight >= 1 else 5
        x = round(rail.x + rail.width * step / length)
        colour = theme.events[int(kind) % len(theme.events)].tolist()
        sheet.box(x - 1.5, rail.y - 5 - tall, 3, tall, colour, 0.95 if weight >= 1 else 0.5, 1.5)
    if not small:
        for value in scale(length):
            sheet.text(str(value), rail.x + rail.width * value / length, rail.y + 10, 10, theme.muted, align=0.5)
    sheet.box(rail.x + rail.width * min(status.now / length, 1.0) - 8, rail.y - 5, 16, 16, theme.paper, 1.0, 8, 3.0, theme.accent)
    return [Button(at.x, at.y, rail.x - at.x - 12, at.height, "play"), *_clock(sheet, layout, status)]


def _clock(sheet: Sheet, layout: Layout, status: Status) -> list[Button]:
    """The step, the speed and the time at the right end of the timeline."""
    at, rail, theme = layout.timeline, layout.track, sheet.theme
    right = at.x + at.width - (10 if layout.small else 20)
    scrub = Button(rail.x - 10, at.y, rail.width + 20, at.height, "scrub")
    if layout.small:
        sheet.text(f"{int(status.now)}", right, at.y + 6, 12, bold=True, align=1.0)
        sheet.text("live" if status.live else f"{status.speed:g}×", right, at.y + 23, 11, theme.muted, align=1.0)
        return [scrub]
    sheet.text(f"{int(status.now)} / {status.length}", right, at.y + 11, 13, bold=True, align=1.0)
    words = "H help"
    sheet.text(words, right, at.y + 32, 11, theme.muted, align=1.0)
    pen = right - sheet.length(words, 11)
    pace = "live" if status.live else f"{status.speed:g}×"
    sheet.text(f"{pace} · {status.now * STEP_S:.1f} s · ", pen, at.y + 32, 11, theme.muted, align=1.0)
    left = pen - sheet.length(f"{pace} · {status.now * STEP_S:.1f} s · ", 11)
    return [scrub, Button(pen, at.y + 28, right - pen + 8, 24, "help"), Button(left - 6, at.y + 28, 34, 24, "next speed")]


def _play(sheet: Sheet, x: float, y: float, size: float, playing: bool) -> None:
    paper = sheet.theme.paper
    sheet.box(x, y, size, size, sheet.theme.knob, 1.0, size / 2)
    middle, unit = x + size / 2, size / 34
    if playing:
        for side in (-1, 1):
            sheet.box(middle + side * 4 * unit - 2 * unit, y + 10 * unit, 4 * unit, 14 * unit, paper, 1.0, 1.5)
        return
    for k in range(11):  # a triangle of upright lines
        across = x + (13 + k) * unit
        sheet.stroke(across, y + (11 + k * 0.56) * unit, across, y + (23 - k * 0.56) * unit, paper, 1.0, 1.4 * unit)


def scale(length: int) -> range:
    """Round numbers to write under a timeline."""
    wanted = length / 6
    unit = 10 ** int(np.floor(np.log10(max(wanted, 1.0))))
    unit *= next(m for m in (1, 2, 5, 10) if m * unit >= wanted)
    return range(0, length + 1, unit)


def tooltip(sheet: Sheet, layout: Layout, pointer: tuple[float, float], lines: Sequence[tuple[str, int]], length: int) -> None:
    """What lies under the mouse on the timeline: the step, and lines about events there, each with its kind."""
    theme, rail, at = sheet.theme, layout.track, layout.timeline
    if not (at.holds(*pointer) and rail.x - 6 <= pointer[0] <= rail.x + rail.width + 6):
        return
    step = layout.step_at(pointer[0], length)
    heading = f"step {round(step)}"
    width = max([sheet.length(heading, 12, True), *(sheet.length(words, 12) + 18 for words, _ in lines)]) + 24
    width, height = min(width, layout.width - 16), 26 + 17 * len(lines) + (4 if lines else 0)
    x, y = min(max(pointer[0] - width / 2, 8), layout.width - width - 8), rail.y - 26 - height
    sheet.box(min(max(pointer[0], rail.x), rail.x + rail.width) - 0.5, rail.y - 16, 1, 26, theme.ink, 0.5)
    sheet.panel(x, y, width, height, 8, 1.0)
    sheet.text(heading, x + 12, y + 5, 12, bold=True)
    for k, (words, kind) in enumerate(lines):
        top = y + 26 + 17 * k
        sheet.box(x + 12, top + 4, 9, 9, theme.events[kind % len(theme.events)].tolist(), 1.0, 4.5)
        sheet.text(sheet.fit(words, width - 42, 12), x + 30, top, 12)
