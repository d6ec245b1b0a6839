"""Tables for the terminal, and the same as JSON."""

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from avatarium.leaderboards.board import Board, Row, generalisation
from avatarium.leaderboards.metrics import Metric, metric
from avatarium.leaderboards.sandbox.lockdown import LAYERS
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


def _table(title: str, first: Sequence[str], metrics: Sequence[Metric]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
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


def by_scenario(row: Row, board: Board, everything: bool = False) -> Table:
    """The generalisation table of one policy: people and customs down, places across, the headline metrics in each cell."""
    cells = {(s.people, s.customs, s.places): (s, found) for s, found in generalisation(row, board.court, board.metrics)}
    places = list(dict.fromkeys(place for _, _, place in cells))
    shown = board.metrics if everything else board.metrics[:SHOWN]
    table = Table(title=f"{row.submission.name} by places, people and customs", title_justify="left", title_style="bold", show_lines=True)
    for heading in ("people", "custom", "metric"):
        table.add_column(heading)
    for name in places:
        held_out = any("places" in s.held_out for (_, _, where), (s, _) in cells.items() if where == name)
        table.add_column(Text(name) + Text(" (unseen)" if held_out and name != "held-out" else "", "dim"), no_wrap=True)
    for people, custom in dict.fromkeys((p, c) for p, c, _ in cells):
        held_out = any("customs" in s.held_out for (p, c, _), (s, _) in cells.items() if (p, c) == (people, custom))
        columns = [_stack(cells.get((people, custom, where)), shown) for where in places]
        names = Text("\n".join(m.title for m in shown))
        table.add_row(people, Text(custom) + Text("\nheld out" if held_out else "", "dim"), names, *columns)
    return table


def _stack(found: Any, shown: Sequence[Metric]) -> Text:
    return Text("\n").join(cell(found[1][m.name], m) for m in shown) if found else Text("–", "dim")


def as_json(board: Board, policy: Row | None = None) -> dict[str, Any]:
    """The whole board, or with ``policy`` that policy scenario by scenario, for programs."""
    where = board.court
    head = {"world": where.spec.name, "version": where.spec.version, "role": where.role, "episodes": where.episodes}
    if policy is not None:
        cells = generalisation(policy, where, board.metrics)
        rows = [{"scenario": s.name, "config": s.config, "held_out": list(s.held_out), "scores": _scores(found)} for s, found in cells]
        return {**head, "policy": policy.submission.name, "scenarios": rows}
    return {**head, "scenarios": [s.name for s in where.scenarios], "policies": [_entry(row) for row in board.rows]}


def _entry(row: Row) -> dict[str, Any]:
    one = row.submission
    return {
        "policy": one.name,
        "key": one.key,
        "baseline": one.baseline,
        "status": one.status,
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
