"""A transcript as the data of a page: every frame's scene, quantised, and what its agents sensed, did and earned."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.render.viewer.source import Replay
from avatarium.render.web import memory, packing
from avatarium.render.web.tracks import SPEED_M_S, TURN, UNIT_M, Figures, Sentences, Spans, Words, lengths
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.transcript import Transcript

WIDTHS = {"boxes": 7, "floors": 5, "goals": 3, "spots": 5, "beams": 8, "labels": 4}
"""Whole numbers in a row of each kind of thing that comes and goes; places count from the corner of the floor."""


def parcel(told: Transcript, progress: Callable[[int], None] = lambda frame: None) -> bytes:
    """The data of a transcript's page (see ``packing``); ``progress`` is told the frame that is being read.

    Raises UserError when the world is not installed, or is of another version.
    """
    source, first = Replay(told), told.scene(0)
    pages = _Pages((first.bounds[0], first.bounds[1]))
    for t in range(told.steps + 1):
        progress(t)
        pages.note(told.scene(t))
    recalled, columns = memory.remember(told)
    head = {
        "world": told.spec.name,
        "title": source.title,
        "subtitle": source.subtitle,
        "complete": told.complete,
        "steps": told.steps,
        "bounds": [float(v) for v in first.bounds],
        "units": {"length": UNIT_M, "turn": TURN, "speed": SPEED_M_S, "share": memory.NEAR, "reward": memory.REWARD},
        "sectors": memory.SECTORS,
        "kinds": list(source.kinds),
        "agents": list(source.agents),
    }
    return packing.pack(head | pages.head() | recalled, pages.columns() | columns | _events(told))


def title(told: Transcript) -> str:
    """What the page of a transcript is called."""
    return f"{Replay(told).title} – avatarium"


class _Pages:
    """Scenes, one after the other, as tracks of their parts."""

    def __init__(self, origin: tuple[float, float]) -> None:
        self._origin = np.array(origin)
        self._figures, self._sentences, self._texts = Figures(origin), Sentences(), Words()
        self._spans = {name: Spans(width) for name, width in WIDTHS.items()}

    def note(self, scene: Scene) -> None:
        self._figures.note(scene)
        self._sentences.note(scene.notes)
        for name, rows in rows_of(scene, self._origin, self._texts).items():
            self._spans[name].note(rows)

    def head(self) -> dict[str, Any]:
        told = self._sentences
        named = {"names": self._figures.names.texts, "texts": self._texts.texts}
        return named | {"notes": told.keys.texts, "patterns": told.patterns.texts}

    def columns(self) -> dict[str, np.ndarray]:
        spans = {name: found.table() for name, found in self._spans.items()}
        return self._figures.columns() | self._sentences.columns() | spans


def rows_of(scene: Scene, origin: np.ndarray, texts: Words) -> dict[str, np.ndarray]:
    """The parts of a scene that come and go, as int32 [S, width] by the names of ``WIDTHS``."""
    boxes, floors, goals, spots = scene.boxes, scene.floors, scene.goals, scene.spots
    twice, beams = np.tile(origin, 2), scene.beams - np.array([*origin, 0, *origin, 0, 0, 0])
    labels = [(*lengths(np.array([at.x_m, at.y_m, at.z_m]) - [*origin, 0]).tolist(), texts.number(at.text)) for at in scene.labels]
    return {
        "boxes": np.column_stack([scene.box_kinds, lengths(boxes[:, :4] - twice), lengths(boxes[:, 4:])]),
        "floors": np.column_stack([lengths(floors - twice), scene.floor_tints]),
        "goals": np.column_stack([lengths(goals[:, :2] - origin), goals[:, 2]]).astype(np.int32),
        "spots": np.column_stack([lengths(spots[:, :2] - origin), lengths(spots[:, 2:4]), spots[:, 4]]).astype(np.int32),
        "beams": np.column_stack([lengths(beams[:, :7]), beams[:, 7]]).astype(np.int32),
        "labels": np.array(labels, np.int32).reshape(-1, WIDTHS["labels"]),
    }


def _events(told: Transcript) -> dict[str, np.ndarray]:
    """``events`` int32 [E, 4]: the frame that shows it, its kind, who and whom (-1 for nobody)."""
    events = told.events
    return {"events": np.stack([events["step"].astype(np.int64) + 1, events["kind"], events["who"], events["whom"]], 1).astype(np.int32)}
