"""Tables for the terminal, and the same as JSON."""

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from avatarium.leaderboards.board import Board, Row, played
from avatarium.leaderboards.board import generalisation as by_cell
from avatarium.leaderboards.generalisation import Table as Generalisation
from avatarium.leaderboards.generalisation import generalisation
from avatarium.leaderboards.metrics import Metric, metric
from avatarium.leaderboards.sandbox.lockdown import LAYERS
from avatarium.leaderboards.scenarios import AXES
from avatarium.leaderboards.scenarios.scenario import SELF_PLAY, SOLO
from avatarium.leaderboards.scoring import Score
from avatarium.leaderboards.stats import Interval

if TYPE_CHECKING:
    from avatarium.leaderboards.crossplay import Matrix
    from avatarium.leaderboards.evaluate import Result
    from avatarium.leaderboards.language import Language

SHOWN = 3
"""Metrics in a table unless all are asked for."""
FAINT = 0.2
"""Shares below are printed faintly."""
WIDTH = 100
WIDEST = 1000
"""Of a table in Markdown, whose rows may not be broken."""


def text(what: RenderableType, width: int = WIDTH) -> str:
    """A table as plain text."""
    out = io.StringIO()
    Console(file=out, width=width).print(what)
    return out.getvalue()


def markdown(table: Table) -> str:
    """A table in Markdown, without its title."""
    table.box, table.title = box.MARKDOWN, None
    return text(table, WIDEST).strip()


def cell(score: Score | Interval, metric: Metric) -> Text:
    """A score and its interval, as in "0.93  0.91–0.95"."""
    if math.isnan(score.value):
        return Text("–", "dim")
    value, low, high = (f"{x:.{metric.digits}f}" for x in (score.value, score.low, score.high))
    return Text.assemble(value, (f"  {low}–{high}", "dim"))


def place(score: Score) -> str:
    """The places that are open to a policy: "1", or "2–4"."""
    return f"{score.best_rank}" if score.best_rank == score.worst_rank else f"{score.best_rank}–{score.worst_rank}"


def plain(title: str) -> Table:
    """A table without columns, as all of them begin."""
    return Table(title=title, title_justify="left", title_style="bold", header_style="bold")


def _table(title: str, first: Sequence[str], metrics: Sequence[Metric]) -> Table:
    table = plain(title)
    for k, heading in enumerate(first):
        table.add_column(heading, justify="right" if k == 0 and len(first) > 1 else "left", no_wrap=True)
    for m in metrics:
        table.add_column(Text(f"{m.title} {'↑' if m.higher_is_better else '↓'}"), justify="left")  # wraps when the terminal is narrow
    return table


def results(found: "Sequence[Result]", everything: bool = False) -> Table:
    """What ``evaluate`` found, the best first."""
    metrics = [metric(name) for name in found[0].scores]
    head, shown = metrics[0], metrics if everything else metrics[:SHOWN]
    title = f"{found[0].world} version {found[0].version}, {len(found[0].episodes)} episodes, 95 % intervals"
    table = _table(title, ("place", "policy"), shown)
    for result in sorted(found, key=lambda r: r.scores[head.name].best_rank):
        marks = Text(result.policy) + Text(f" ({len(result.faults)} failed)" if result.faults else "", "red")
        table.add_row(place(result.scores[head.name]), marks, *(cell(result.scores[m.name], m) for m in shown))
    return table


def matrix(found: "Matrix") -> Table:
    """What ``crossplay`` found: rows are who plays the first role, columns who plays the second."""
    first, second = found.roles
    table = Table(title=f"{found.world}, {found.metric.title}, {found.episodes} episodes a cell", title_justify="left", title_style="bold")
    table.add_column(f"{first} \\ {second}", no_wrap=True)
    for name in found.names:
        table.add_column(name, justify="right")
    for k, (name, row) in enumerate(zip(found.names, found.scores, strict=True)):
        table.add_row(name, *(Text(f"{value:.{found.metric.digits}f}", "bold" if j == k else "") for j, value in enumerate(row)))
    return table


def dictionary(found: "Language") -> Table:
    """Which share of the time with a wish each word, or silence, came with it; words that nobody says are left out."""
    used = [word for word in range(found.table.shape[1]) if found.table[:, word].any()]
    table = Table(title="words by wish", title_justify="left", title_style="bold")
    table.add_column("wish", justify="right")
    for word in used:
        table.add_column(f"word {word}" if word else "silence", justify="right")
    for wish, row in enumerate(found.table, 1):
        shares = row / max(row.sum(), 1)
        table.add_row(str(wish), *(Text(f"{shares[word]:.2f}", "dim" if shares[word] < FAINT else "bold") for word in used))
    return table


def standings(board: Board, everything: bool = False) -> Table:
    """The board, the best first."""
    head, shown = board.metrics[0], board.metrics if everything else board.metrics[:SHOWN]
    where = board.court
    title = f"{where.spec.name} version {where.spec.version}: {len(where.scenarios)} scenarios × {where.episodes} episodes, 95 % intervals"
    table = _table(title, ("place", "policy"), shown)
    names = [row.submission.name for row in board.ranked]
    for row in board.ranked:
        twin = f" {row.submission.key[:8]}" if names.count(row.submission.name) > 1 else ""
        name = Text(row.submission.name, "italic" if row.submission.baseline else "bold") + Text(twin, "dim")
        table.add_row(place(row.scores[head.name]), name, *(cell(row.scores[m.name], m) for m in shown))
    return table


def notes(board: Board) -> list[str]:
    """What a reader of the board has to know beside the table, one sentence each."""
    found = [f"{row.submission.name} is not ranked: {row.note}." for row in board.rows if row.note]
    for row in board.ranked:
        faults = [r.fault for r in row.records if r.fault]
        if faults:
            found.append(f"{row.submission.name} failed in {len(faults)} episodes, which score the least there is: {faults[0]}.")
    for row in board.ranked:
        if not row.submission.baseline:
            found += [f"{row.submission.name} ran {sentence}" for sentence in unprotected(row.submission.layers)]
    return found


def unprotected(layers: dict[str, bool]) -> list[str]:
    """A sentence that names the protections which did not hold, if there are any."""
    missing = [meaning for layer, meaning in LAYERS.items() if not layers.get(layer)]
    return [f"without these protections of the sandbox: {'; '.join(missing)}."] if missing else []


def by_scenario(row: Row, board: Board, everything: bool = False) -> RenderableType:
    """The generalisation table of one policy, and under it what is lost in each direction in which nobody may have trained."""
    shown = board.metrics if everything else board.metrics[:SHOWN]
    found = [generalisation(m, played(row, board.court)) for m in shown]
    return Group(_cells(row.submission.name, found), _gaps(found))


def _cells(name: str, found: Sequence[Generalisation]) -> Table:
    """People and customs down, places across, one line per metric in each cell."""
    cells: dict[tuple[str, str, str], list[Text]] = {}
    for one in found:
        for s, score in one.cells:
            mode = "" if s.mode.name in (SOLO, SELF_PLAY) else s.mode.name
            cells.setdefault((f"{s.people}\n{mode}".strip(), s.customs, s.places), []).append(cell(score, one.metric))
    held = {(axis, getattr(s, axis)) for s, _ in found[0].cells for axis in s.held_out}
    places = list(dict.fromkeys(place for _, _, place in cells))
    table = Table(title=f"{name} by places, people and customs", title_justify="left", title_style="bold", show_lines=True)
    for heading in ("people", "custom", "metric", *places):
        table.add_column(Text(heading) + Text(" (held out)" if ("places", heading) in held and heading != "held-out" else "", "dim"))
    for people, custom in dict.fromkeys((p, c) for p, c, _ in cells):
        marks = [Text("\nheld out" if key in held else "", "dim") for key in (("people", people.split("\n")[0]), ("customs", custom))]
        columns = [Text("\n").join(cells.get((people, custom, where), [Text("–", "dim")])) for where in places]
        table.add_row(Text(people) + marks[0], Text(custom) + marks[1], Text("\n".join(one.metric.title for one in found)), *columns)
    return table


def _gaps(found: Sequence[Generalisation]) -> Table:
    """Seen, held out and the gap between, along each axis, over scenarios that differ in nothing else."""
    table = Table(title="seen and held out, between scenarios that differ in nothing else", title_justify="left", title_style="bold")
    for heading in ("in new", "metric", "seen", "held out", "gap"):
        table.add_column(heading, no_wrap=True)
    for k, axis in enumerate(AXES):
        for one in found:
            m = one.marginals[k]
            if m.pairs:
                table.add_row(axis, one.metric.title, *(cell(interval, one.metric) for interval in (m.seen, m.held_out, m.gap)))
    return table


def as_json(board: Board, policy: Row | None = None) -> dict[str, Any]:
    """The whole board, or with ``policy`` that policy scenario by scenario, for programs."""
    where = board.court
    head = {"world": where.spec.name, "version": where.spec.version, "role": where.role, "episodes": where.episodes}
    if policy is not None:
        cells = by_cell(policy, where, board.metrics)
        rows = [{"scenario": s.name, "config": s.config, "held_out": list(s.held_out), "scores": _scores(found)} for s, found in cells]
        tables = [_axes(one) for one in (generalisation(m, played(policy, where)) for m in board.metrics)]
        return {**head, "policy": policy.submission.name, "scenarios": rows, "generalisation": tables}
    return {**head, "scenarios": [s.name for s in where.scenarios], "policies": [_entry(row) for row in board.rows]}


def _axes(one: Generalisation) -> dict[str, Any]:
    """Seen, held out and gap along each axis, as JSON."""
    sides = ("seen", "held_out", "gap")
    return {"metric": one.metric.name} | {
        m.axis: {side: [_number(i.value), _number(i.low), _number(i.high)] for side in sides for i in [getattr(m, side)]}
        for m in one.marginals
        if m.pairs
    }


def _entry(row: Row) -> dict[str, Any]:
    one = row.submission
    return {
        "policy": one.name,
        "key": one.key,
        "baseline": one.baseline,
        "status": one.state,
        "note": row.note,
        "layers": one.layers,
        "scores": _scores(row.scores),
        "transcripts": [
            {"scenario": r.scenario_name, "seed": r.seed, "digest": r.digest, "file": r.artefact, "fault": r.fault} for r in row.records
        ],
    }


def _scores(found: dict[str, Score]) -> dict[str, Any]:
    return {
        name: {"value": _number(s.value), "low": _number(s.low), "high": _number(s.high), "rank": [s.best_rank, s.worst_rank]}
        for name, s in found.items()
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
