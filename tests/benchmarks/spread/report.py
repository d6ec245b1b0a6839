"""What the runs say together: a table with intervals over seeds, and curves."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from avatarium.leaderboards.stats import interval
from avatarium.training.studies.summary import Finding

COLOURS = ("#2a6f97", "#c1553b", "#5a8f3c", "#7a5195", "#d18f2c", "#3d3d3d")
UNIFORM, STEERED = -26.8, -8.2
"""Returns of uniformly drawn actions, and of steering straight to the landmarks of an optimal assignment."""
GRID = 100

Run = dict[str, Any]
"""contestant, seed, steps, settings, curve and more, as in the JSON file of a run."""

LEGEND = f"""\
Return of an episode per agent (uniform actions {UNIFORM}, straight to the optimally assigned landmarks {STEERED}), of the likeliest actions
(greedy) and of drawn ones (sampled), and the mean of the greedy curve over all samples. Seconds are wall-clock from the first update to
the last, judging excluded. Means over seeds with 95 % bootstrap intervals; ratios of seconds are seed by seed."""


def table(runs: list[Run]) -> str:
    """Markdown: one row per contestant; seconds are compared with the first contestant's."""
    names = list(dict.fromkeys(run["contestant"] for run in runs))
    first = {run["seed"]: run["curve"][-1]["seconds"] for run in runs if run["contestant"] == names[0]}
    lines = [f"| contestant | seeds | greedy | sampled | greedy over all samples | seconds | × {names[0]} |", "|---" * 7 + "|"]
    for name in names:
        mine = [run for run in runs if run["contestant"] == name]
        ends = [run["curve"][-1] for run in mine]
        cells = [_mean([end[key] for end in ends]) for key in ("greedy", "sampled")]
        cells += [_mean([area(run["curve"], "greedy") for run in mine]), _mean([end["seconds"] for end in ends])]
        ratios = [end["seconds"] / first[run["seed"]] for end, run in zip(ends, mine, strict=True) if run["seed"] in first]
        lines.append(f"| {name} | {len(mine)} | {' | '.join(cells)} | {_mean(ratios)} |")
    samples = sorted({run["curve"][-1]["samples"] for run in runs})
    return "\n".join([*lines, "", LEGEND, f"Samples (decisions of single agents) at the end: {samples[0]:,} to {samples[-1]:,}.", ""])


def area(curve: list[dict[str, float]], name: str) -> float:
    """Mean of a curve over the samples that it spans."""
    samples, values = (np.array([point[key] for point in curve]) for key in ("samples", name))
    return float(np.trapezoid(values, samples) / (samples[-1] - samples[0])) if len(curve) > 1 else float(values[0])


def _mean(values: list[float]) -> str:
    return str(Finding.of(dict(enumerate(values)))) if values else "–"


def draw(runs: list[Run], path: Path) -> None:
    """Greedy returns over samples and over wall-clock time, with bands of 95 % over seeds; a PNG at ``path``."""
    figure = Figure(figsize=(12, 4.6), dpi=120, layout="constrained")
    for axis, key, label in zip(figure.subplots(1, 2), ("samples", "seconds"), ("samples", "seconds"), strict=True):
        axis.grid(True, color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
        for k, name in enumerate(dict.fromkeys(run["contestant"] for run in runs)):
            _band(axis, name, [run["curve"] for run in runs if run["contestant"] == name], key, COLOURS[k % len(COLOURS)])
        axis.set_xlabel(label)
        axis.set_ylabel("greedy return of an episode per agent")
        axis.legend(frameon=False, fontsize="small")
    figure.suptitle("simple_spread, three agents, 25 steps")
    figure.savefig(path)


def _band(axis: Any, name: str, curves: list[list[dict[str, float]]], key: str, colour: str) -> None:
    low, high = max(curve[0][key] for curve in curves), min(curve[-1][key] for curve in curves)
    grid = np.linspace(low, high, GRID)
    rows = np.array([np.interp(grid, [p[key] for p in curve], [p["greedy"] for p in curve]) for curve in curves])
    axis.plot(grid, rows.mean(axis=0), color=colour, label=name, linewidth=2)
    if len(rows) > 1:
        bounds = [interval(column, np.ones(len(column))) for column in rows.T]
        axis.fill_between(grid, [b.low for b in bounds], [b.high for b in bounds], color=colour, alpha=0.18, linewidth=0)
