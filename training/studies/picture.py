"""Learning curves of a study: the mean over seeds, and how sure it is."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from avatarium.leaderboards import stats
from avatarium.training.run.curve import smooth
from avatarium.training.run.history import Point
from avatarium.training.studies.file import Part
from avatarium.training.studies.summary import Done

COLOURS = ("#2a6f97", "#c1553b", "#5a8f3c", "#7a5195", "#d18f2c", "#3d3d3d", "#b0558f", "#3aa6a0")
GRID = 120
"""Places along the axis of decisions at which curves are compared."""
SMOOTHING = 0.05
"""Share of a run over which its curve is averaged."""
COLUMNS = 3


def draw(title: str, parts: list[Part], done: Done, path: Path) -> Path:
    """A panel per part and gauge over millions of decisions, with bands of 95 % over seeds where there are several; a PNG at ``path``."""
    panels = [(part, gauge) for part in parts for gauge in part.gauges]
    columns = 2 if len(panels) == 4 else min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(5.2 * columns, 4.0 * rows + 0.4), dpi=110, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, (part, gauge) in zip(axes, panels, strict=False):
        _panel(axis, part, gauge, done)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    figure.suptitle(title)
    figure.savefig(path)
    return path


def _panel(axis: Any, part: Part, gauge: str, done: Done) -> None:
    axis.grid(True, color="#dddddd", linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)
    for name, level in part.marks.items() if gauge == part.gauges[0] else ():
        axis.axhline(level, color="#888888", linewidth=1, linestyle="--")
        axis.text(0.99, level, name, transform=axis.get_yaxis_transform(), ha="right", va="bottom", color="#555555")
    for k, contestant in enumerate(part.contestants):
        curves = [run.points for task, run in done if task.part is part and task.contestant is contestant]
        _band(axis, contestant.label, [c for c in curves if any(gauge in p for p in c)], gauge, COLOURS[k % len(COLOURS)])
    axis.set_title(part.name if len(part.gauges) == 1 else f"{part.name}: {gauge}")
    axis.set_ylabel(gauge)
    axis.set_xlabel("decisions (millions)")
    axis.set_xlim(left=0)
    if axis.get_legend_handles_labels()[0]:  # below the panel, where it hides no curve
        axis.legend(frameon=False, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4)


def _band(axis: Any, label: str, curves: list[list[Point]], gauge: str, colour: str) -> None:
    if not curves:
        return
    grid = np.linspace(0.0, min(curve[-1]["decisions"] for curve in curves), GRID)
    values = np.stack([_on(grid, curve, gauge) for curve in curves], axis=1)
    grid, values = grid[~np.isnan(values).any(axis=1)], values[~np.isnan(values).any(axis=1)]
    if len(curves) > 1:
        sure = stats.standing(values, np.ones_like(values), np.zeros(len(curves), int)).intervals()
        axis.fill_between(grid / 1e6, [i.low for i in sure], [i.high for i in sure], color=colour, alpha=0.2, linewidth=0)
    axis.plot(grid / 1e6, values.mean(axis=1), color=colour, linewidth=2, label=label)


def _on(grid: np.ndarray, curve: list[Point], gauge: str) -> np.ndarray:
    """float64 [G]: the smoothed curve at so many decisions; NaN before its first value."""
    some = [point for point in curve if gauge in point]
    at = np.array([point["decisions"] for point in some])
    values = smooth(np.array([point[gauge] for point in some]), max(1, round(SMOOTHING * len(curve))))
    return np.asarray(np.interp(grid, at, values, left=np.nan))
