"""Predictions as a picture: walls, what was seen, what came, and where the model thought people would go."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from avatarium.training.trajectory.recording import Recording
from avatarium.training.trajectory.windows import Windows

SEEN, CAME, EXPECTED, DRAWN, GOAL = "#3d3d3d", "#5a8f3c", "#c1553b", "#e8a48f", "#2a6f97"
SIDE_IN = 7.0
"""Of the longer side of the floor, in inches."""


def draw(windows: Windows, expected: np.ndarray, drawn: np.ndarray, title: str, path: Path) -> Path:
    """Draw the rows of one moment [N] with the path expected [N, 12, 2] and paths drawn [S, N, 12, 2]; writes a picture to ``path``."""
    recording = windows.recordings[int(windows.recording[0])]
    (x0, y0), (x1, y1) = _bounds(recording, windows)
    width, height = x1 - x0, y1 - y0
    scale = SIDE_IN / max(width, height)
    figure = Figure(figsize=(max(width * scale, 3.5) + 0.6, max(height * scale, 2.0) + 1.1), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(x0, x1), ylim=(y0, y1), aspect="equal", xlabel="m", ylabel="m", title=title)
    axes.add_collection(PatchCollection([Rectangle((a, b), c - a, d - b) for a, b, c, d in recording.boxes], facecolor="#c9c9c9"))
    past, last = windows.past, windows.past.observed[:, -1:]
    for paths in drawn:
        _lines(axes, np.concatenate([last, paths], axis=1), DRAWN, 0.7, 2)
    _lines(axes, past.observed, SEEN, 2.2, 3, "seen")
    _lines(axes, np.concatenate([last, windows.future], axis=1), CAME, 2.2, 4, "what came")
    _lines(axes, np.concatenate([last, expected], axis=1), EXPECTED, 1.8, 5, "predicted")
    axes.scatter(last[:, 0, 0], last[:, 0, 1], s=26, color=SEEN, zorder=6)
    axes.scatter(expected[:, -1, 0], expected[:, -1, 1], s=22, marker="x", color=EXPECTED, zorder=6)
    known = ~np.isnan(past.goal[:, 0])
    if known.any():
        axes.scatter(past.goal[known, 0], past.goal[known, 1], s=34, marker="*", color=GOAL, zorder=3, label="goal")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path)
    return path


def _lines(axes: Any, paths: np.ndarray, colour: str, width: float, order: int, label: str = "") -> None:
    parts = [path[~np.isnan(path[:, 0])] for path in paths]
    axes.add_collection(LineCollection(parts, colors=colour, linewidths=width, zorder=order, label=label or None, capstyle="round"))


def _bounds(recording: Recording, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """(lower left, upper right) in m: of the walls, else of everybody's paths in the recording's moment and a bit."""
    if len(recording.boxes):
        return recording.boxes[:, :2].min(axis=0) - 0.2, recording.boxes[:, 2:].max(axis=0) + 0.2
    places = np.concatenate([windows.past.observed, windows.future], axis=1).reshape(-1, 2)
    return np.nanmin(places, axis=0) - 1.0, np.nanmax(places, axis=0) + 1.0
