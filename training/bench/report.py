"""The figures as JSON, as a table for the terminal, as Markdown, and as a picture."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.table import Table

from avatarium.training.bench.suite import Pace, Row, settings_of, title
from avatarium.training.bench.workload import BUILDING, LIGHT, MEMORY, PYTHON
from avatarium.worlds.bench import machine

HEADINGS = ("what", "agent-steps/s", "beside it", "ratio (least – most)", "by CPU time", "target")
PACKAGES = ("ray", "torch")
REACHED, MISSED, FREE = "#5a8f3c", "#c1553b", "#2a6f97"


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table."""
    return (
        title(row.workload, row.what),
        thousands(row.our_rate),
        thousands(row.their_rate),
        f"{number(row.ratio.median)} ({number(row.ratio.least)} – {number(row.ratio.most)})",
        number(row.ratio.by_cpu),
        "" if row.target is None else f"≥ {row.target:g}",
    )


def thousands(rate: float) -> str:
    """Agent-steps per second, short.

    >>> thousands(1_234_567), thousands(74_700), thousands(860)
    ('1.23 M', '74.7 k', '860')
    """
    if rate >= 1e6:
        return f"{rate / 1e6:.2f} M"
    return f"{rate / 1e3:.1f} k" if rate >= 1e3 else f"{rate:.0f}"


def number(ratio: float) -> str:
    """A ratio with three digits.

    >>> number(0.9521), number(7.31), number(68.4)
    ('0.95', '7.3', '68')
    """
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}" if ratio < 20 else f"{ratio:.0f}"


def table(rows: Sequence[Row]) -> Table:
    """For the terminal."""
    found = Table(*HEADINGS)
    for row in rows:
        colour = "" if row.target is None else "green" if row.ratio.median >= row.target else "red"
        found.add_row(*cells(row), style=colour)
    return found


def markdown(rows: Sequence[Row]) -> str:
    """For a README."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def as_json(rows: Sequence[Row], pace: Pace, load: tuple[float, float]) -> dict[str, Any]:
    """Every ratio by its key, then how it came about; ``load``: load averages of the machine before and after."""
    return {
        **{row.key: row.ratio.median for row in rows},
        "rows": [asdict(row) for row in rows],
        "settings": {w.name: settings_of(w) for w in (LIGHT, MEMORY, BUILDING, PYTHON)},
        "pace": asdict(pace),
        "machine": machine() | {name: version(name) for name in PACKAGES} | {"load_before": load[0], "load_after": load[1]},
    }


def write(rows: Sequence[Row], pace: Pace, load: tuple[float, float], path: Path) -> list[Path]:
    """Write JSON to ``path``, and Markdown and a picture next to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".md"), path.with_suffix(".png")
    path.write_text(json.dumps(as_json(rows, pace, load), indent=1) + "\n")
    beside[0].write_text(markdown(rows))
    draw(rows, beside[1])
    return [path, *beside]


def draw(rows: Sequence[Row], path: Path) -> None:
    """Bars of the ratios on a logarithmic scale; a black line marks the target, a thin one goes from the least to the most."""
    figure = Figure(figsize=(9.5, 0.9 + 0.52 * len(rows)), dpi=120, layout="constrained")
    panel: Any = figure.subplots()
    for k, row in enumerate(rows):
        colour = FREE if row.target is None else REACHED if row.ratio.median >= row.target else MISSED
        panel.barh(k, row.ratio.median, color=colour, height=0.62)
        panel.plot([row.ratio.least, row.ratio.most], [k, k], color="#222222", linewidth=1)
        if row.target is not None:
            panel.plot([row.target] * 2, [k - 0.42, k + 0.42], color="black", linewidth=2.5)
        right = max(row.ratio.most, row.target or 0.0)
        panel.annotate(f"{number(row.ratio.median)} ×", (right, k), xytext=(6, 0), textcoords="offset points", va="center")
    panel.set_yticks(range(len(rows)), [f"{row.what}\n{row.workload}" for row in rows], fontsize=8)
    panel.invert_yaxis()
    panel.set_xscale("log")
    ticks = [t for t in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if t <= 2 * max(r.ratio.most for r in rows)]
    panel.set_xticks(ticks, [f"{t:g}" for t in ticks])
    panel.set_xticks([], minor=True)
    panel.set_xlim(min(0.45, 0.8 * min(r.ratio.least for r in rows)), 2 * max(max(r.ratio.most, r.target or 0.0) for r in rows))
    panel.axvline(1.0, color="#888888", linewidth=0.8)
    panel.spines[["top", "right"]].set_visible(False)
    panel.set_xlabel("times as fast (black: target; thin line: least to most of the rounds)")
    figure.savefig(path)


def load_average() -> float:
    """Processes that wanted a core in the last minute; 0 where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
