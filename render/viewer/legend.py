"""The row over the timeline: what is laid over the picture, by key and by click, and what the colours of ticks stand for."""

from collections.abc import Mapping, Sequence

from avatarium.render.draw.sheet import Sheet
from avatarium.render.viewer.hud import Button
from avatarium.render.viewer.keys import HELP, OVERLAYS
from avatarium.render.viewer.layout import LEGEND_HEIGHT, Layout

_CAP, _PAD, _GAP = 15, 12, 12
_LOWEST_ROW = 14


def overlays(sheet: Sheet, layout: Layout, shown: Mapping[str, str]) -> tuple[list[Button], float]:
    """Names of overlays with their keys; returns the buttons and where the row ends.

    ``shown`` says what is written for each overlay that there is here: its name, in front of it "+" where it is on.
    """
    top = layout.legend
    if top is None:
        return [], layout.margin
    x, theme, buttons = layout.margin, sheet.theme, []
    chips = [(name, words) for name, words in shown.items() if name in OVERLAYS]
    full = sum(_CAP + 5 + sheet.length(words.lstrip("+"), 12) + _GAP for _, words in chips) + 2 * _PAD - _GAP
    short = full > layout.width - 2 * layout.margin  # a narrow window shows the keys alone
    width = len(chips) * (_CAP + 6) + 2 * _PAD - 6 if short else full
    sheet.panel(x, top, width, LEGEND_HEIGHT, 13)
    pen = x + _PAD
    for name, words in chips:
        on, label = words.startswith("+"), words.lstrip("+")
        sheet.box(pen, top + 5.5, _CAP, _CAP, theme.accent if on else theme.well, 1.0, 4, 0.0 if on else 1.0)
        sheet.text(OVERLAYS[name], pen + _CAP / 2, top + 6, 11, theme.paper if on else theme.muted, True, 0.5)
        end = pen + _CAP
        if not short:
            end = pen + _CAP + 5 + sheet.text(label, pen + _CAP + 5, top + 5, 12, theme.ink if on else theme.muted)
        buttons.append(Button(pen - 4, top, end - pen + 8, LEGEND_HEIGHT, name))
        pen = end + (6 if short else _GAP)
    return buttons, x + width


def kinds(sheet: Sheet, layout: Layout, left: float, present: Sequence[tuple[int, str]], beside: bool = False) -> None:
    """Which colour of tick stands for which kind of event; beside the overlays, or else over them unless ``beside``, or not at all."""
    names = [(k, name.replace("_", " ")) for k, name in present]
    width = sum(24 + sheet.length(name, 12) + 8 for _, name in names) + 12
    top = layout.legend
    if not names or top is None or width > layout.width - 2 * layout.margin:
        return
    x = left + 10
    if x + width > layout.width - layout.margin:
        x, top = layout.margin, top - LEGEND_HEIGHT - 8
        if beside or not layout.two_legends:
            return
    sheet.panel(x, top, width, LEGEND_HEIGHT, 13)
    pen = x + 14.0
    for k, name in names:
        sheet.box(pen, top + 8, 10, 10, sheet.theme.events[k % len(sheet.theme.events)].tolist(), 1.0, 5)
        pen += 16 + sheet.text(name, pen + 16, top + 5, 12) + 16


def help_card(sheet: Sheet, layout: Layout, first: Sequence[tuple[str, str]] = ()) -> None:
    """Every key and what it does, in the middle; ``first`` are rows of somebody else's keys, such as a player's."""
    rows = [*first, *HELP]
    column = min(440.0, layout.width - 16)
    columns = 2 if layout.width >= 2 * column + 40 and layout.height < 60 + 26 * len(rows) + 20 else 1
    most = columns * int((layout.height - 24 - 58) // _LOWEST_ROW)
    if len(rows) > most:
        rows = [*rows[: max(most - 1, 0)], ("…", "more in a larger window")]
    each = -(-len(rows) // columns)
    row = min(26.0, (layout.height - 24 - 58) / each)
    size = 13 if row >= 17 else 10
    width, height = column * columns, 58 + row * each
    x, y = (layout.width - width) / 2, max(8.0, (layout.height - height) / 2)
    sheet.box(0, 0, layout.width, layout.height, (18, 22, 32), 0.45)
    sheet.panel(x, y, width, height, 14, 1.0)
    sheet.text("Keys", x + 24, y + 16, 16, bold=True)
    for k, (keys, meaning) in enumerate(rows):
        left, top = x + 24 + column * (k // each), y + 46 + (k % each) * row
        sheet.text(sheet.fit(keys, 88, size, True), left, top, size, sheet.theme.accent, True)
        sheet.text(sheet.fit(meaning, column - 140, size), left + 96, top, size)
