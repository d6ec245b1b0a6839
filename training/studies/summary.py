"""What the runs of a study say together: means over seeds with intervals, verdicts on what was expected, tables."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import trim_mean

from avatarium.leaderboards.stats import Interval, interval
from avatarium.training.run.plan import versions
from avatarium.training.studies.expectation import Verdict
from avatarium.training.studies.file import Part, Study
from avatarium.training.studies.running import Run, Task


@dataclass(frozen=True)
class Finding:
    """One contestant's value of one measure, by seed, and over all seeds."""

    by_seed: dict[int, float]
    mean: Interval
    """The mean with its 95 % bootstrap interval over seeds; with a single seed the interval is that value alone."""
    iqm: float
    """The interquartile mean (Agarwal et al. 2021, https://arxiv.org/abs/2108.13264)."""

    def __str__(self) -> str:
        return str(self.mean) if len(self.by_seed) > 1 else f"{self.mean.value:.3g}"

    @classmethod
    def of(cls, by_seed: dict[int, float]) -> "Finding":
        """From values by seed."""
        values = np.array(list(by_seed.values()))
        return cls(by_seed, interval(values, np.ones(len(values))), float(trim_mean(values, 0.25)))


@dataclass(frozen=True)
class Entry:
    """What came of one contestant."""

    label: str
    findings: dict[str, Finding]
    decisions: int
    """Of a run, on average."""


@dataclass(frozen=True)
class Chapter:
    """What came of one part."""

    part: Part
    entries: list[Entry]
    verdicts: list[Verdict]


Done = list[tuple[Task, Run]]

TRIMMED = 4
"""Seeds from which on the interquartile mean leaves any out, and so is worth showing."""
LEGEND = """\
Means over seeds of what was measured over the last tenth of the decisions (judged: in play after training), with 95 % bootstrap intervals
over seeds, and interquartile means where there are four seeds or more. A single seed has none."""


def summary(study: Study, done: Done) -> list[Chapter]:
    """What came of each part of which some run is done."""
    chapters = []
    for part in study.parts:
        here = [(task, run) for task, run in done if task.part is part]
        entries = [_entry(label, runs) for c in part.contestants if (runs := _of(label := c.label, here))]
        findings = {entry.label: {name: finding.mean for name, finding in entry.findings.items()} for entry in entries}
        if entries:
            chapters.append(Chapter(part, entries, [expected.verdict(findings) for expected in part.expectations]))
    return chapters


def _of(label: str, done: Done) -> dict[int, Run]:
    return {task.seed: run for task, run in done if task.contestant.label == label}


def _entry(label: str, runs: dict[int, Run]) -> Entry:
    values: dict[str, dict[int, float]] = {}
    for seed, run in runs.items():
        for name, value in run.values.items():
            if not math.isnan(value):
                values.setdefault(name, {})[seed] = value
    decisions = int(np.mean([run.points[-1]["decisions"] for run in runs.values()]))
    return Entry(label, {name: Finding.of(found) for name, found in sorted(values.items())}, decisions)


def markdown(study: Study, chapters: list[Chapter]) -> str:
    """The whole study as a page."""
    lines = [f"# {study.title}", "", study.question, ""]
    for chapter in chapters:
        lines += [f"## {chapter.part.name}", "", *_table(chapter), ""]
        lines += [f"- {verdict}" for verdict in chapter.verdicts] + [""] * bool(chapter.verdicts)
    lines += [LEGEND]
    return "\n".join(lines) + "\n"


def _table(chapter: Chapter) -> list[str]:
    names = chapter.part.measured
    trimmed = any(len(entry.findings["seconds"].by_seed) >= TRIMMED for entry in chapter.entries)
    columns = [word for name in names for word in ((name, f"{name}, IQM") if trimmed else (name,))]
    heads = ["contestant", *columns, "seeds", "decisions", "seconds"]
    rows = [[entry.label, *_cells(entry, names, trimmed)] for entry in chapter.entries]
    widths = [max(len(row[k]) for row in [heads, *rows]) for k in range(len(heads))]
    lines = [[word.ljust(width) for word, width in zip(row, widths, strict=True)] for row in [heads, *rows]]
    lines.insert(1, ["-" * width for width in widths])
    return [f"| {' | '.join(line)} |" for line in lines]


def _cells(entry: Entry, names: tuple[str, ...], trimmed: bool) -> list[str]:
    cells = []
    for name in names:
        found = entry.findings.get(name)
        both = [str(found), f"{found.iqm:.3g}"] if found else ["-", "-"]
        cells += both if trimmed else both[:1]
    seconds = entry.findings["seconds"]
    return [*cells, str(len(seconds.by_seed)), f"{entry.decisions:,}", f"{seconds.mean.value:.0f}"]


def as_json(study: Study, chapters: list[Chapter]) -> dict[str, Any]:
    """The same as nested dicts."""
    parts = {
        chapter.part.name: {
            "contestants": {
                entry.label: {"decisions": entry.decisions, **{name: asdict(found) for name, found in entry.findings.items()}}
                for entry in chapter.entries
            },
            "plans": {c.label: c.plan.to_json() for c in chapter.part.contestants},
            "expectations": [asdict(verdict) for verdict in chapter.verdicts],
        }
        for chapter in chapters
    }
    return {"study": study.name, "title": study.title, "question": study.question, "versions": versions(), "parts": parts}
