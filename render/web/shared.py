"""What the page has in common with the viewer: colours, figures, cameras, the sun. ``make web`` writes it to ``src/shared.json``."""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render.draw import building, camera, figures, overlays, palette, theme
from avatarium.render.draw.sunlight import SUN
from avatarium.render.viewer import plates, viewer
from avatarium.render.web.tracks import HOLE
from avatarium.worlds.core.scene import BOX_KINDS

FILE = Path(__file__).parent / "src" / "shared.json"


FINE, STEEP = 10_000, 127
"""Of a mesh, positions are whole numbers of so many in a metre, normals of so many in 1."""


def mesh(vertices: np.ndarray) -> dict[str, Any]:
    """A mesh of figures (PART [V]) as JSON: each vertex once, in base64, and the order in which they make up triangles.

    ``places``: int16 x, y, z of all vertices, one coordinate after the other; ``normals``: int8 likewise; ``look``: for each vertex the row
    of ``looks`` (colour, own, limb); ``order``: uint16. All of them as differences from the number before, which pack better.
    """
    looks, look = np.unique(np.column_stack([vertices["colour"], vertices["own"], vertices["limb"]]).round(4), axis=0, return_inverse=True)
    places, normals = np.round(vertices["position"] * FINE), np.round(vertices["normal"] * STEEP)
    corners = np.column_stack([places, normals, look.reshape(-1)]).astype(np.int64)
    _, first, which = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    appears = np.argsort(first)
    rows, order = corners[first[appears]], np.argsort(appears)[which.reshape(-1)]
    parts = {"places": _changes(rows[:, :3].T, "i2"), "normals": _changes(rows[:, 3:6].T, "i1"), "look": _changes(rows[:, 6], "u1")}
    return parts | {"order": _changes(order, "u2"), "looks": looks.tolist()}


def _changes(numbers: np.ndarray, kind: str) -> str:
    """Whole numbers as differences from the one before, little-endian ``kind``, in base64."""
    flat = numbers.reshape(-1)
    return base64.b64encode(np.diff(flat, prepend=0).astype(f"<{kind}").tobytes()).decode()


def text() -> str:
    """What is written: JSON on one line."""
    told: dict[str, Any] = {
        "boxKinds": BOX_KINDS,
        "hole": HOLE,
        "people": palette.PEOPLE,
        "themes": {name: asdict(look) for name, look in theme.THEMES.items()},
        "meshes": {"avatar": mesh(figures.avatar_mesh()), "flag": mesh(figures.flag_mesh()), "fine": FINE, "steep": STEEP},
        "gestures": [figures.USES, figures.WAVES, figures.POINTS],
        "sun": SUN.round(6),
        "plinth": building.PLINTH_M,
        "texels": [building.TEXELS_PER_M, building.MAX_TEXELS],
        "floor": overlays.FLOOR_M,
        "eye": figures.EYE_HEIGHT_M,
        "head": plates.HEAD_M,
        "cut": camera.DOLLHOUSE_CUT_M,
        "yaw": camera.YAW_RAD,
        "pitch": camera.PITCH_RAD,
        "cameras": camera.NAMES,
        "speeds": viewer.SPEEDS,
        "trails": [viewer.TRAIL, viewer.OWN_TRAIL],
        "said": viewer.SAID,
    }
    return json.dumps(told, separators=(",", ":"), default=lambda value: np.asarray(value).tolist()) + "\n"
