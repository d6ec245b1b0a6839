"""Scenes of buildings and halls: floor plans, rooms and bodies, as the renderer takes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from avatarium.worlds.core.plan import CELL_M
from avatarium.worlds.core.scene import FIGURE, Label, Scene

HEIGHTS_M = (1.25, 1.25, 0.75, 1.0, 1.0)
"""Of walls, glass, furniture, plants and screens."""
COLOURS = 14
"""Avatars take so many colours in turn; the next one in the palette is the grey of a crowd."""


def colours(learners: int, others: int = 0) -> np.ndarray:
    """uint8 [A]: palette indices of avatars that learn, one after the other, then of a crowd, which shares one grey."""
    return np.array([*(a % COLOURS for a in range(learners)), *[COLOURS] * others], np.uint8)


def scene(
    state: Any,
    i: int,
    names: Sequence[str],
    colours: Sequence[int] | np.ndarray,
    *,
    roles: Sequence[int] | np.ndarray = (),
    goals: np.ndarray | None = None,
    labels: Sequence[Label] = (),
    notes: Mapping[str, str] | None = None,
) -> Scene:
    """Environment ``i`` of a state with the fields of ``building.allocate`` and ``avatars``: whoever is present in its plan.

    ``names``, ``colours`` (palette indices) and ``roles`` (indices, default 0) are those of all avatars; ``goals`` float32 [G, 3] are
    x, y (m) and palette index.
    """
    count, cell = int(state.plan.num_boxes[i]), float(CELL_M)
    width, height = (state.extent[i] * cell).tolist()
    plane, kinds = state.plan.boxes[i, :, :count].T, state.plan.kinds[i, :count]
    heights = np.array(HEIGHTS_M, np.float32)[kinds]
    rooms, avatars = state.rooms[i, : int(state.num_rooms[i])], state.avatars[i]
    floors = np.stack([rooms["x0"] - 0.5, rooms["y0"] - 0.5, rooms["x1"] + 1.5, rooms["y1"] + 1.5], axis=1) * cell
    here = np.flatnonzero(avatars["present"])
    return Scene(
        bounds=(0.5 * cell, 0.5 * cell, width - 0.5 * cell, height - 0.5 * cell),
        boxes=np.column_stack([plane, np.zeros(count, np.float32), heights]).astype(np.float32),
        box_kinds=kinds.copy(),
        floors=floors.astype(np.float32),
        floor_tints=rooms["kind"].astype(np.uint8),
        figures=figures(avatars[here], np.asarray(colours)[here], np.asarray(roles)[here] if len(roles) else 0),
        names=tuple(names[a] for a in here.tolist()),
        goals=np.zeros((0, 3), np.float32) if goals is None else goals.astype(np.float32),
        labels=tuple(labels),
        notes=dict(notes or {}),
    )


def figures(avatars: np.ndarray, colours: np.ndarray, roles: np.ndarray | int) -> np.ndarray:
    """FIGURE [A] of bodies with the fields of ``bodies.BODY_FIELDS``."""
    drawn = np.zeros(len(avatars), FIGURE)
    for name in ("x", "y", "heading", "gesture", "word"):
        drawn[name] = avatars[name]
    drawn["speed"] = np.hypot(avatars["vx"], avatars["vy"])
    drawn["colour"], drawn["role"] = colours, roles
    return drawn


def plate(room: np.void, text: str) -> Label:
    """A text in the middle of a room."""
    x, y = (room["x0"] + room["x1"] + 1) * 0.5 * CELL_M, (room["y0"] + room["y1"] + 1) * 0.5 * CELL_M
    return Label(float(x), float(y), 0.0, text)
