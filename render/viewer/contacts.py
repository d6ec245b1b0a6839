"""Who deals with whom: arcs from head to head that fade."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.render.draw.lens import Lens
from avatarium.render.draw.sheet import Sheet
from avatarium.worlds.core.scene import Scene

LASTS = 15
"""Steps for which a contact can be seen."""
HEAD_M = 1.2
_PARTS = 14


@dataclass(frozen=True)
class Contact:
    """Something that one avatar did to another or with it: their names, the kind of event, and how fresh it is, 1 to 0."""

    who: str
    whom: str
    kind: int
    fresh: float


def recent(events: np.ndarray, now: float, name: Mapping[int, str]) -> list[Contact]:
    """The contacts in EVENT [E] that are fresh at ``now``, the newest of each pair; ``name`` tells what agents are called."""
    some = events[(events["whom"] >= 0) & (events["step"] < now) & (events["step"] >= now - LASTS)]
    found: dict[tuple[int, int], Contact] = {}
    for event in some[::-1]:
        pair = (int(event["who"]), int(event["whom"]))
        if pair not in found and pair[0] in name and pair[1] in name and pair[0] != pair[1]:
            fresh = 1 - (now - 1 - int(event["step"])) / LASTS
            found[pair] = Contact(name[pair[0]], name[pair[1]], int(event["kind"]), min(max(fresh, 0.0), 1.0))
    return list(found.values())


def draw(sheet: Sheet, scene: Scene, lens: Lens, contacts: Sequence[Contact]) -> None:
    """Put an arc with an arrowhead on the sheet for each contact whose avatars are in the picture; from within there are none."""
    if lens.camera.inside > 0.5:
        return
    places = {name: (float(f["x"]), float(f["y"])) for name, f in zip(scene.names, scene.figures, strict=True)}
    for contact in contacts:
        if contact.who not in places or contact.whom not in places:
            continue
        line = lens.project(_arc(places[contact.who], places[contact.whom]))
        if not lens.holds(line, 2.0).all():
            continue
        colour = sheet.theme.events[contact.kind % len(sheet.theme.events)].tolist()
        points, alpha = line[:, :2].tolist(), 0.25 + 0.75 * contact.fresh
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            sheet.stroke(ax, ay, bx, by, colour, alpha, 2.0)
        _head(sheet, points[-3], points[-1], colour, alpha)


def _arc(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """Points (m) of an arc over the floor, bent to the left so that one there and one back lie side by side, float64 [P, 3]."""
    a, b = np.array([*start, HEAD_M]), np.array([*end, HEAD_M])
    way = b - a
    far = float(np.hypot(way[0], way[1]))
    middle = (a + b) / 2 + np.array([-way[1], way[0], 0.0]) * 0.14 + np.array([0, 0, 0.3 + 0.3 * far])
    t = np.linspace(0.0, 1.0, _PARTS)[:, None]
    arc: np.ndarray = (1 - t) ** 2 * a + 2 * t * (1 - t) * middle + t**2 * b
    return arc


def _head(sheet: Sheet, before: Sequence[float], tip: Sequence[float], colour: Sequence[float], alpha: float) -> None:
    """An arrowhead at the end of an arc."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    far = float(np.hypot(dx, dy))
    if far < 1e-3:
        return
    dx, dy = dx / far, dy / far
    for side in (-1, 1):
        sheet.stroke(tip[0], tip[1], tip[0] - dx * 7 + side * dy * 4.5, tip[1] - dy * 7 - side * dx * 4.5, colour, alpha, 2.0)
