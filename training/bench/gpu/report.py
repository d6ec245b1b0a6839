"""The figures as JSON, as a table for the terminal, and as Markdown."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from avatarium.training.bench.gpu.figures import Row
from avatarium.training.bench.gpu.roofline import Roofline
from avatarium.training.bench.report import thousands
from avatarium.worlds.bench import machine

HEADINGS = ("what", "size", "a second", "least – most", "target")
SIMULATED = "SIMULATED: this shows that everything runs; nothing of it is the speed of a GPU"


@dataclass(frozen=True)
class Report:
    """All that was found."""

    gpu: dict[str, Any]
    simulated: bool
    rows: Sequence[Row]
    roofline: Roofline | None
    difference: str | None
    """Between CPU and GPU: empty where there is none; None where nothing was compared."""
    failures: Sequence[str] = ()
    """Parts that could not be measured, and why."""

    @property
    def figures(self) -> dict[str, float | None]:
        """The figures that count, by key; none of what was simulated. What was never reached is None."""
        return {} if self.simulated else {row.key: row.rate if math.isfinite(row.rate) else None for row in self.rows if row.best}


def table(report: Report) -> Table:
    """For the terminal."""
    found = Table(*HEADINGS, title=SIMULATED if report.simulated else str(report.gpu["name"]), title_justify="left")
    for row in report.rows:
        plain = report.simulated or row.reached is None
        found.add_row(*cells(row, report.simulated), style="" if plain else "green" if row.reached else "red")
    return found


def cells(row: Row, simulated: bool) -> tuple[str, ...]:
    """A row of the table; of one that was simulated, only that it ran."""
    size = ", ".join(f"{row.about[name]:,} {name}" for name in ("environments", "threads", "updates") if name in row.about)
    value, spread = ("ran", "") if simulated else _value(row)
    target = "" if row.target is None else f"< {row.target:g} s" if row.unit == "s" else f"≥ {thousands(row.target)}"
    return row.what, size, value, spread, target


def _value(row: Row) -> tuple[str, str]:
    """The figure, and the least and the most of its windows."""
    if row.unit == "s":
        return f"{row.rate:.0f} s" if math.isfinite(row.rate) else "never", ""
    return f"{thousands(row.rate)} {row.unit}", f"{thousands(min(row.windows))} – {thousands(max(row.windows))}"


def sentences(report: Report) -> list[str]:
    """What the table does not hold: how near to what memory allows, what limits, whether the bytes are the same."""
    found = []
    if report.roofline and not report.simulated:
        r = report.roofline
        found.append(
            f"memory: {r.bytes_each:,.0f} bytes an agent-step at {r.bandwidth / 1e9:,.0f} GB/s allow {thousands(r.bound)} agent-steps/s; "
            f"{100 * r.share:.1f} % of that is reached; limited by {r.limit}"
        )
    if report.difference is not None:
        same = "the same bytes as on a CPU, in all that was compared"
        found.append(f"NOT THE SAME BYTES: {report.difference}" if report.difference else same)
    return [*found, *report.failures]


def write(report: Report, path: Path) -> list[Path]:
    """Write JSON to ``path``, and Markdown next to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".md")
    path.write_text(json.dumps(as_json(report), indent=1) + "\n")
    beside.write_text(markdown(report))
    return [path, beside]


def as_json(report: Report) -> dict[str, Any]:
    """Every figure by its key, then how it came about."""
    rows = [asdict(row) | {"rate": row.rate if math.isfinite(row.rate) else None, "reached": row.reached} for row in report.rows]
    return {
        "simulated": report.simulated,
        **report.figures,
        "gpu": report.gpu,
        "rows": rows,
        "roofline": asdict(report.roofline) if report.roofline and not report.simulated else None,
        "difference": report.difference,
        "failures": list(report.failures),
        "machine": machine(),
    }


def markdown(report: Report) -> str:
    """For a README."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(cells(row, report.simulated) for row in report.rows if row.best)]
    title = SIMULATED if report.simulated else f"{report.gpu['name']}, driver {report.gpu.get('driver_version', 'unknown')}"
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([title, rows, *sentences(report)]) + "\n"
