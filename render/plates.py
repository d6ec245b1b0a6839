"""Words that belong to places in a scene: room plates, names over heads, speech bubbles."""

from collections.abc import Mapping, Sequence

import numpy as np

from avatarium.render import palette
from avatarium.render.camera import Camera
from avatarium.render.sheet import Sheet
from avatarium.worlds.core.scene import Scene

HEAD_M = 1.42
Rect = tuple[float, float, float, float]


def title(name: str) -> str:
    """A name as people write it.

    >>> title("walker_3")
    'Walker 3'
    """
    return name.replace("_", " ").capitalize()


def rooms(sheet: Sheet, scene: Scene, camera: Camera) -> None:
    """Put the scene's labels where they belong; through an avatar's eyes there are none."""
    if camera.hides >= 0 or not scene.labels:
        return
    points = camera.project([(label.x_m, label.y_m, label.z_m) for label in scene.labels], sheet.width, sheet.height)
    size = 11 if sheet.height >= 480 else 9
    for label, (x, y, depth) in zip(scene.labels, points, strict=True):
        if depth > 0.5 and 0 <= x < sheet.width and 0 <= y < sheet.height:
            sheet.pill(label.text, x, y, size, palette.MUTED, alpha=0.72)


def names(sheet: Sheet, scene: Scene, camera: Camera, chosen: int, everyone: bool) -> None:
    """Names under the avatars: of everyone, or only of the one that is followed."""
    for i, (x, y) in _places(sheet, scene, camera, 0.0):
        if everyone or i == chosen:
            sheet.pill(title(scene.names[i]), x, y + 19, 11, alpha=0.94 if i == chosen else 0.8)


def bubbles(sheet: Sheet, scene: Scene, camera: Camera, words: Mapping[int, str]) -> None:
    """Speech bubbles over figures, by index; later ones move up where they would cover earlier ones."""
    taken: list[Rect] = []
    for i, (x, y) in _places(sheet, scene, camera, HEAD_M):
        if i in words:
            width = sheet.atlas.width(words[i], 13, True) + 39
            while any(abs(x - left - w / 2) < (width + w) / 2 and top < y < top + h + 38 for left, top, w, h in taken):
                y -= 6
            taken.append(sheet.bubble(words[i], x, y, palette.person(int(scene.figures["colour"][i]))))


def _places(sheet: Sheet, scene: Scene, camera: Camera, z_m: float) -> Sequence[tuple[int, tuple[float, float]]]:
    """Index and pixel of every figure in the picture, ``z_m`` above the floor."""
    if not len(scene.figures):
        return []
    points = np.stack([scene.figures["x"], scene.figures["y"], np.full(len(scene.figures), z_m)], axis=1)
    found = camera.project(points, sheet.width, sheet.height)
    inside = (found[:, 2] > 0.5) & (found[:, 0] > 0) & (found[:, 0] < sheet.width) & (found[:, 1] > 0) & (found[:, 1] < sheet.height)
    if camera.hides >= 0:  # from outside one looks over the walls, from inside they hide
        inside &= in_sight(scene, camera.eye[:2])
    return [(int(i), (float(found[i, 0]), float(found[i, 1]))) for i in np.flatnonzero(inside) if i != camera.hides]


def in_sight(scene: Scene, eye: tuple[float, float]) -> np.ndarray:
    """bool [A]: the figures that no box of a person's height stands before, seen from ``eye`` (m)."""
    tall = scene.boxes[scene.boxes[:, 5] > HEAD_M * 0.75]
    way = np.stack([scene.figures["x"], scene.figures["y"]], 1) - eye
    way = np.where(np.abs(way) < 1e-6, 1e-6, way)[:, None]
    one, other = (tall[None, :, :2] - eye) / way, (tall[None, :, 2:4] - eye) / way
    enter, leave = np.minimum(one, other).max(axis=2), np.maximum(one, other).min(axis=2)
    hidden: np.ndarray = ((enter < leave) & (enter > 0) & (enter < 1)).any(axis=1)
    return ~hidden
