"""Words that belong to places in a scene: room plates, names over heads, speech bubbles."""

from collections.abc import Mapping, Sequence

import numpy as np

from avatarium.render.draw import palette
from avatarium.render.draw.lens import Lens
from avatarium.render.draw.sheet import Rect, Sheet
from avatarium.worlds.core.scene import Scene

HEAD_M = 1.42
_ASIDE = (0, 20, -20, 40, -40, 60)
"""How far (points) a label may stand below its place."""


def title(name: str) -> str:
    """A name as people write it.

    >>> title("walker_3")
    'Walker 3'
    """
    return name.replace("_", " ").capitalize()


def rooms(sheet: Sheet, scene: Scene, lens: Lens, taken: Sequence[Rect] = ()) -> None:
    """Put the scene's labels where they belong, nearest first, or a little beside it where something is ``taken`` or somebody stands.

    From within there are none, and neither are those for which there is no room.
    """
    if lens.camera.inside > 0.5 or not scene.labels:
        return
    points = lens.project([(label.x_m, label.y_m, label.z_m) for label in scene.labels])
    size, full = (11 if lens.area[3] >= 480 else 9), [*taken, *_bodies(scene, lens)]
    for k in np.argsort(points[:, 2]).tolist():
        if not lens.holds(points[k : k + 1])[0]:
            continue
        (x, y, _), text = points[k].tolist(), scene.labels[k].text
        for aside in _ASIDE:
            box = _plate(sheet, text, x, y + aside, size)
            if not any(_meet(box, other) for other in full):
                full.append(box)
                sheet.pill(text, x, y + aside, size, sheet.theme.muted, alpha=0.88)
                break


def _bodies(scene: Scene, lens: Lens) -> list[Rect]:
    """Where figures stand on the sheet."""
    if not len(scene.figures):
        return []
    x, y = scene.figures["x"], scene.figures["y"]
    feet, heads = (lens.project(np.stack([x, y, np.full(len(x), z)], axis=1)) for z in (0.0, 1.25))
    tall = feet[:, 1] - heads[:, 1]
    return [(float(f[0]) - 0.25 * h, float(f[1]) - h, 0.5 * h, h) for f, h in zip(feet, tall.tolist(), strict=True) if f[2] > 0.5 and h > 0]


def _plate(sheet: Sheet, text: str, x: float, y: float, size: int) -> Rect:
    """The room that a pill about (x, y) takes."""
    width = sheet.length(text, size, True) + 16
    return (x - width / 2, y - size / 2 - 4, width, size + 8.0)


def _meet(one: Rect, other: Rect) -> bool:
    """Whether two rectangles have points in common."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = one, other
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah


def names(sheet: Sheet, scene: Scene, lens: Lens, chosen: int, everyone: bool, covered: Sequence[Rect] = ()) -> list[Rect]:
    """Names under the avatars, of everyone or only of the one that is followed, who comes first; returns all room that is taken then.

    Names that would cover one another, or lie under what is ``covered``, are left out.
    """
    taken = list(covered)
    for i, (x, y) in sorted(_places(scene, lens, 0.0), key=lambda place: place[0] != chosen):
        if everyone or i == chosen:
            text = title(scene.names[i])
            box = _plate(sheet, text, x, y + 19, 11)
            if not any(_meet(box, other) for other in taken):
                taken.append(box)
                sheet.pill(text, x, y + 19, 11, alpha=0.95 if i == chosen else 0.88)
    return taken


def bubbles(sheet: Sheet, scene: Scene, lens: Lens, words: Mapping[int, str], covered: Sequence[Rect] = ()) -> list[Rect]:
    """Speech bubbles over figures, by index; later ones move up where they would cover earlier ones. Returns the room they take.

    Those that would lie under what is ``covered`` are left out.
    """
    taken: list[Rect] = []
    for i, (x, y) in _places(scene, lens, HEAD_M):
        if i in words:
            width = sheet.length(words[i], 13, True) + 39
            while any(abs(x - left - w / 2) < (width + w) / 2 and top < y < top + h + 38 for left, top, w, h in taken):
                y -= 6
            room = (x - width / 2, y - 36, width, 36.0)
            if y > lens.area[1] + 40 and not any(_meet(room, panel) for panel in covered):
                taken.append(sheet.bubble(words[i], x, y, palette.person(int(scene.figures["colour"][i]))))
    return taken


def _places(scene: Scene, lens: Lens, z_m: float) -> Sequence[tuple[int, tuple[float, float]]]:
    """Index and place on the sheet of every figure in the picture, ``z_m`` above the floor."""
    if not len(scene.figures):
        return []
    found = lens.project(np.stack([scene.figures["x"], scene.figures["y"], np.full(len(scene.figures), z_m)], axis=1))
    inside = lens.holds(found, 1.0)
    if lens.camera.inside > 0.5:  # from outside one looks over the walls, from inside they hide
        inside &= in_sight(scene, lens.camera.eye[:2])
    return [(int(i), (float(found[i, 0]), float(found[i, 1]))) for i in np.flatnonzero(inside) if i != lens.camera.hides]


def in_sight(scene: Scene, eye: tuple[float, float]) -> np.ndarray:
    """bool [A]: the figures that no box of a person's height stands before, seen from ``eye`` (m)."""
    tall = scene.boxes[scene.boxes[:, 5] > HEAD_M * 0.75]
    way = np.stack([scene.figures["x"], scene.figures["y"]], 1) - eye
    way = np.where(np.abs(way) < 1e-6, 1e-6, way)[:, None]
    one, other = (tall[None, :, :2] - eye) / way, (tall[None, :, 2:4] - eye) / way
    enter, leave = np.minimum(one, other).max(axis=2), np.maximum(one, other).min(axis=2)
    hidden: np.ndarray = ((enter < leave) & (enter > 0) & (enter < 1)).any(axis=1)
    return ~hidden
