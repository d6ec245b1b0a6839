"""The learning curve as a picture."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from avatarium.training.run.history import Point

COLOURS = ("#2a6f97", "#c1553b", "#5a8f3c", "#7a5195")
SMOOTHING = 0.03
"""Share of the run over which the strong line is averaged; the faint line is as measured."""
FEW = 30
"""Points are marked where there are fewer."""


def draw(points: list[Point], title: str, shown: tuple[str, ...], path: Path) -> Path:
    """Draw return above and the gauges in ``shown`` below (where there are any) over millions of decisions; writes a PNG to ``path``."""
    gauges = [name for name in shown if any(name in point for point in points)]
    figure = Figure(figsize=(8, 6 if gauges else 3.6), dpi=120, layout="constrained")
    panels = figure.subplots(2 if gauges else 1, 1, sharex=True, squeeze=False)[:, 0]
    _lines(panels[0], points, ["return"], COLOURS[:1])
    panels[0].set_ylabel("return of an episode")
    if gauges:
        _lines(panels[1], points, gauges, COLOURS[1:])
        panels[1].set_ylim(0, 1 if max(point.get(g, 0.0) for g in gauges for point in points) <= 1 else None)
        panels[1].set_ylabel("share" if panels[1].get_ylim()[1] <= 1 else "gauge")
        panels[1].legend(frameon=False)
    panels[-1].set_xlabel("decisions (millions)")
    figure.suptitle(title)
    if len(points) > 1:
        panels[0].set_xlim(0, points[-1]["decisions"] / 1e6)
        _minutes_on_top(panels[0], points)
    figure.savefig(path)
    return path


def _lines(panel: Any, points: list[Point], names: list[str], colours: tuple[str, ...]) -> None:
    panel.grid(True, color="#dddddd", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    for name, colour in zip(names, colours, strict=False):
        some = [point for point in points if name in point]
        millions = np.array([point["decisions"] for point in some]) / 1e6
        values = np.array([point[name] for point in some])
        panel.plot(millions, values, color=colour, alpha=0.25, linewidth=1)
        width, marker = max(1, round(SMOOTHING * len(points))), "." if len(some) < FEW else ""
        panel.plot(millions, smooth(values, width), color=colour, linewidth=2, label=name, marker=marker)


def smooth(values: np.ndarray, width: int) -> np.ndarray:
    """float64 [T]: mean of each value and up to ``width - 1`` before it."""
    if not len(values):
        return values
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    means: np.ndarray = (sums[ends] - sums[starts]) / (ends - starts)
    return means


def _minutes_on_top(panel: Any, points: list[Point]) -> None:
    """A second scale with the minutes of training that had passed."""
    millions = np.array([0.0, *(point["decisions"] / 1e6 for point in points)])
    minutes = np.array([0.0, *(point["seconds"] / 60 for point in points)])
    top = panel.secondary_xaxis("top", functions=(lambda x: np.interp(x, millions, minutes), lambda x: np.interp(x, minutes, millions)))
    top.set_xticks([tick for tick in MaxNLocator(7).tick_values(0.0, minutes[-1]) if tick <= minutes[-1]])
    top.set_xlabel("minutes")
