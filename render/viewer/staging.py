"""What the viewer's frames are put together from: a view for each pane, words in them, and the panels on top."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from avatarium.render.draw import overlays, palette
from avatarium.render.draw.frames import Studio
from avatarium.render.draw.lens import Lens
from avatarium.render.draw.picture import Emphasis, View
from avatarium.render.draw.sheet import Rect as Box
from avatarium.render.draw.sheet import Sheet
from avatarium.render.viewer import card, contacts, hud, legend, plates, ticks
from avatarium.render.viewer.curves import line
from avatarium.render.viewer.hud import Button, Status
from avatarium.render.viewer.layout import Layout, Rect
from avatarium.render.viewer.pane import Pane
from avatarium.render.viewer.source import STEP_S, Reading
from avatarium.worlds.core.scene import Scene

if TYPE_CHECKING:
    from avatarium.render.viewer.viewer import Viewer

__all__ = ["Button", "Side", "frame"]


_ROOMY = 300
"""Height of a pane (points) from which there is room for the names of rooms."""


class Side(Protocol):
    """A panel below the title."""

    def draw(self, sheet: Sheet, room: Rect) -> None:
        """Put it on the sheet, as much as there is room for."""


@dataclass(frozen=True)
class _Shown:
    """A pane in this frame: its scene, whom one follows in it, and where it is drawn."""

    pane: Pane
    scene: Scene
    chosen: int
    reading: Reading | None
    view: View
    lens: Lens


def frame(viewer: "Viewer", studio: Studio, width: int, height: int) -> np.ndarray:
    """The frame of the viewer's moment, uint8 [height, width, 3]."""
    areas = viewer.areas(width, height)
    shown = [_pane(viewer, studio, pane, area, width, height) for pane, area in zip(viewer.panes, areas, strict=True)]
    sheet = studio.sheet
    if sheet is not None:
        sheet.clear(width, height, viewer.scale, viewer.theme)
        layout = viewer.layout(width, height)
        viewer.covered = _covered(layout, shown) if viewer.shown["panels"] else []
        low = max(y + h for _, y, _, h in areas) / viewer.scale
        if low < sheet.height:  # a band under several panes
            sheet.box(-2, low, sheet.width + 4, sheet.height - low + 2, viewer.theme.surfaces.backdrop[1].tolist())
        for one in shown:
            _words(viewer, sheet, one)
            _edge(sheet, one.lens.area)
        viewer.buttons = _panels(viewer, studio, sheet, layout, shown)
    return studio.canvas.draw([one.view for one in shown], width, height, studio.quality, sheet)


def _pane(viewer: "Viewer", studio: Studio, pane: Pane, area: tuple[int, int, int, int], width: int, height: int) -> _Shown:
    """One pane's part of the frame."""
    scene = pane.scene(viewer.now)
    camera, i, on = viewer.look(pane, scene, area, width, height), pane.index(scene, viewer.chosen), viewer.shown
    reading = pane.reading(viewer.now, viewer.chosen) if i >= 0 else None
    rays = reading is not None and on["rays"] and viewer.camera != "top"
    marks = []
    if on["visits"]:
        name = "" if viewer.everybody else viewer.chosen
        marks.append(pane.visits().marks(min(int(viewer.now), pane.source.last), name, viewer.theme))
    if on["path"] and i >= 0:
        marks.append(overlays.dashes(pane.route(viewer.now, scene, i), int(scene.figures["colour"][i]), viewer.now * STEP_S))
    emphasis = Emphasis(
        chosen=i,
        trails=pane.trails(viewer.now, scene, viewer.chosen) if on["trails"] else {},
        sight=reading.sight(float(scene.figures["heading"][i])) if rays and reading is not None else None,
        time_s=viewer.now * STEP_S,
        own_goal=pane.has_goals,
        marks=marks,
    )
    view = View(studio.composer.compose(scene, camera, emphasis, viewer.theme), camera, area)
    x, y, w, h = (part / viewer.scale for part in area)
    return _Shown(pane, scene, i, reading, view, Lens(camera, (x, y, w, h)))


def _edge(sheet: Sheet, area: tuple[float, float, float, float]) -> None:
    """The line between a pane and its neighbours at the left and above."""
    x, y, width, height = area
    if x > 0:
        sheet.box(x - 1, y - 1, 1, height + 1, sheet.theme.line)
    if y > 0:
        sheet.box(x - 1, y - 1, width + 1, 1, sheet.theme.line)


def _words(viewer: "Viewer", sheet: Sheet, one: _Shown) -> None:
    """Words and arcs that belong to places in a pane."""
    on = viewer.shown
    if on["contacts"]:
        contacts.draw(sheet, one.scene, one.lens, one.pane.contacts(viewer.now))
    taken = list(viewer.covered)
    if on["names"] or viewer.camera in ("top", "orbit"):
        taken = plates.names(sheet, one.scene, one.lens, one.chosen, on["names"], viewer.covered)
    if on["bubbles"]:
        taken += plates.bubbles(sheet, one.scene, one.lens, one.pane.words(viewer.now, one.scene), viewer.covered)
    if one.lens.area[3] >= _ROOMY:
        plates.rooms(sheet, one.scene, one.lens, taken)


def _covered(layout: Layout, shown: list[_Shown]) -> list[Box]:
    """What panels may cover: words of the picture are not put there."""
    rooms = [layout.title, layout.timeline]
    if len(shown) > 1:
        rooms += [room for room in (_heading_room(layout, one) for one in shown) if room is not None]
    elif layout.card is not None:
        rooms.append(layout.card)
    if layout.legend is not None:
        top = layout.legend - (34 if layout.two_legends and len(shown) == 1 else 0)
        rooms.append(Rect(0, top, layout.width, layout.height - top))
    return [(room.x, room.y, room.width, room.height) for room in rooms]


def _panels(viewer: "Viewer", studio: Studio, sheet: Sheet, layout: Layout, shown: list[_Shown]) -> list[Button]:
    """All panels; returns what can be clicked."""
    buttons: list[Button] = []
    if viewer.shown["panels"]:
        first = viewer.panes[0]
        status = _status(viewer, first.ticks(viewer.chosen, layout.track.width, viewer.length))
        if len(shown) > 1:
            for one in shown:
                _heading(viewer, sheet, layout, one)
        buttons += hud.title(sheet, layout, status)
        chips, end = legend.overlays(sheet, layout, viewer.overlays())
        present = np.unique(status.marks[:, 1]).astype(int).tolist() if len(status.marks) else []
        legend.kinds(sheet, layout, end, [(k, status.kinds[k]) for k in present], len(shown) > 1)
        buttons += [*chips, *hud.timeline(sheet, layout, status)]
        if len(shown) == 1:
            _card(viewer, studio, sheet, layout, shown[0])
        if viewer.side is not None and layout.cameras:
            top = layout.title.y + layout.title.height + 10
            viewer.side.draw(sheet, Rect(layout.title.x, top, layout.title.width, (layout.legend or layout.timeline.y) - top - 8))
        if viewer.pointer is not None:
            length, events = viewer.length, first.source.events()
            told = ticks.told(events, viewer.pointer[0], layout, length, first.source.kinds, lambda who: plates.title(first.called(who)))
            hud.tooltip(sheet, layout, viewer.pointer, told, length)
    if viewer.message:
        _message(sheet, layout, viewer.message)
    if viewer.shown["help"]:
        legend.help_card(sheet, layout, viewer.keys)
    return buttons


def _status(viewer: "Viewer", marks: np.ndarray) -> Status:
    source, several = viewer.source, len(viewer.panes)
    return Status(
        title=source.title if several == 1 else f"{several} episodes",
        subtitle=source.subtitle if several == 1 else f"following {plates.title(viewer.chosen)}",
        now=viewer.now,
        length=viewer.length,
        playing=viewer.playing,
        speed=viewer.speed,
        camera=viewer.camera,
        marks=marks,
        kinds=source.kinds,
        live=viewer.live,
    )


def _message(sheet: Sheet, layout: Layout, message: str) -> None:
    """A message at the top between the panels, or over the timeline where there is no room; in lines when it is long."""
    wide = layout.width >= 900
    left, right = (layout.title.x + layout.title.width, layout.card.x) if wide and layout.card else (0.0, layout.width)
    rows = sheet.wrap(message, right - left - 60, 13, True)
    top = 36.0 if wide else (layout.legend or layout.timeline.y) - 24 * len(rows)
    for k, row in enumerate(rows):
        sheet.pill(row, (left + right) / 2, top + 24 * k, 13, sheet.theme.paper, sheet.theme.ink, 0.95)


def _card(viewer: "Viewer", studio: Studio, sheet: Sheet, layout: Layout, one: _Shown) -> None:
    room = layout.card
    if room is None or one.chosen < 0:
        return
    colour = palette.person(int(one.scene.figures["colour"][one.chosen]))
    small = room.height < 200
    sight = one.reading.picture if one.reading is not None else None
    if not small and sight is None:
        side = round(card.PICTURE * viewer.scale)
        sight = viewer.thumbnail.picture(studio, one.scene, one.chosen, viewer.now, viewer.theme, side)
    note = one.scene.notes.get(viewer.chosen, "")
    card.draw(sheet, room, card.Person(viewer.chosen, colour, note, one.reading, sight))


def _heading_room(layout: Layout, one: _Shown) -> Rect | None:
    """Where the title of a pane among several is, at its top right; None where there is no room for it."""
    x, y, width, _ = one.lens.area
    beside = x < layout.title.width and y < layout.title.height
    room = width - 16 - (layout.title.width + layout.margin if beside else 0)
    if room < 60:
        return None
    wide = min(room, 230.0)
    told = one.reading is not None and wide >= 150
    return Rect(x + width - wide - 8, y + (layout.title.y if y < 20 else 8), wide, 84 if told else 30)


def _heading(viewer: "Viewer", sheet: Sheet, layout: Layout, one: _Shown) -> None:
    """The title of a pane among several, with what the followed avatar has earned there."""
    room = _heading_room(layout, one)
    if room is None:
        return
    sheet.panel(room.x, room.y, room.width, room.height, 10)
    sheet.text(sheet.fit(one.pane.title, room.width - 24, 13, True), room.x + 12, room.y + 7, 13, bold=True)
    if room.height > 30 and one.reading is not None:
        total, right = float(one.reading.course[-1]), room.x + room.width - 12
        sheet.text(sheet.fit(plates.title(viewer.chosen), room.width - 90, 12), room.x + 12, room.y + 27, 12, sheet.theme.muted)
        colour = sheet.theme.accent if total >= 0 else sheet.theme.warning
        sheet.text(f"{total:+.2f}", right, room.y + 27, 12, colour, True, 1.0)
        line(sheet, Rect(room.x + 12, room.y + 48, room.width - 24, 26), one.reading.course, sheet.theme.accent)
