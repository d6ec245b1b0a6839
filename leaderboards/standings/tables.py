"""Tables as JSON: who stands where in a part of a season, or over all of it, with everything that pages show of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.database.models import Match, Submission
from avatarium.leaderboards.metrics import metric
from avatarium.leaderboards.ranking import columns as ranking_columns
from avatarium.leaderboards.ranking.ratings import rate
from avatarium.leaderboards.ranking.resampling import weights
from avatarium.leaderboards.ranking.table import Row, table
from avatarium.leaderboards.ranking.tally import tally
from avatarium.leaderboards.seasons.definition import Part
from avatarium.leaderboards.standings.columns import columns, values
from avatarium.leaderboards.standings.sums import Sums

Json = dict[str, Any]
DIGITS = 6
"""Decimals of what is stored: far more than the intervals leave open, and few enough to hide in which order a processor added up."""
ELO_DIGITS = 2
EFFICIENCY = ("parameters", "flops", "us_per_decision")


@dataclass(frozen=True)
class Entry:
    """A submission that has played everything."""

    submission: Submission
    sums: Sums
    account: str = ""


@dataclass(frozen=True)
class Scored:
    """A column with the scores of P entrants, float64 [P, S]; NaN where an entrant has nothing."""

    column: ranking_columns.Column
    scores: np.ndarray


def scored(part: Part, seeds: Sequence[int], entries: Sequence[Entry]) -> list[Scored]:
    """The columns of a part with the scores of those who are ranked."""
    found = columns(part, seeds)
    by_name = {f"{one.mode}/{one.metric}": one for one in part.counted}
    chosen = [by_name[f"{column.mode.removeprefix(part.role + ' ')}/{column.metric}"] for column in found]
    sums = [entry.sums for entry in entries]
    return [Scored(column, values(part, column, one, sums)) for column, one in zip(found, chosen, strict=True)]


def ranked(entrants: Sequence[str], found: Sequence[Scored]) -> list[Row]:
    """Rows of those who are ranked, the first place first."""
    return table([one.column for one in found], [one.scores for one in found], entrants)


def of_part(part: Part, seeds: Sequence[int], entries: Sequence[Entry], clones: Mapping[str, str], matches: Sequence[Match]) -> Json:
    """The table of one role in one world. ``clones`` says of copies by key whose row they share."""
    shown = [entry for entry in entries if entry.submission.key not in clones]
    found = scored(part, seeds, shown)
    if not shown:
        return {"columns": [_column(one.column) for one in found], "rows": [], "matches": None}
    keys = [entry.submission.key for entry in shown]
    copies = defaultdict(list)
    for entry in entries:
        if entry.submission.key in clones:
            copies[clones[entry.submission.key]].append({"key": entry.submission.key, "name": entry.submission.name})
    attempts = Counter(_owner(entry) for entry in entries)
    intervals = _intervals(found)
    by_key = {entry.submission.key: (k, entry) for k, entry in enumerate(shown)}
    rows = []
    for row in ranked(keys, found):
        k, entry = by_key[row.entrant]
        about = {"submissions": [row.entrant], "clones": copies[row.entrant], "attempts": attempts[_owner(entry)]}
        rows.append(_row(row, entry, intervals[k]) | about)
    return {"columns": [_column(one.column) for one in found], "rows": rows, "matches": _matches(shown, matches)}


def suite(parts: Sequence[tuple[list[Scored], list[Entry]]]) -> Json:
    """The table over all worlds: an entrant is everything of one name from one account; what it has not entered counts as random.

    The latest of several submissions of one name is the one that counts.
    """
    latest = [{_entrant(entry): k for k, entry in _in_time(entries)} for _, entries in parts]
    entrants = sorted({name for one in latest for name in one})
    spread = [
        Scored(one.column, _spread(one.scores, [where.get(name) for name in entrants]))
        for (found, _), where in zip(parts, latest, strict=True)
        for one in found
    ]
    intervals = _intervals(spread)
    rows = []
    for row in ranked(entrants, spread):
        mine = [entries[where[row.entrant]] for (_, entries), where in zip(parts, latest, strict=True) if row.entrant in where]
        about = {"submissions": [one.submission.key for one in mine], "clones": [], "attempts": len(mine)}
        rows.append(_row(row, mine[-1], intervals[entrants.index(row.entrant)]) | about)
    return {"columns": [_column(one.column) for one in spread], "rows": rows, "matches": None}


def _in_time(entries: Sequence[Entry]) -> list[tuple[int, Entry]]:
    return sorted(enumerate(entries), key=lambda found: (found[1].submission.created, found[1].submission.key))


def _entrant(entry: Entry) -> str:
    return f"{_owner(entry)}/{entry.submission.name}"


def _owner(entry: Entry) -> str:
    return entry.account or ("suite" if entry.submission.baseline else entry.submission.author)


def _spread(scores: np.ndarray, rows: Sequence[int | None]) -> np.ndarray:
    """Scores in the order of entrants, NaN for those who have none."""
    found = np.full((len(rows), scores.shape[1]), np.nan)
    there = [k for k, row in enumerate(rows) if row is not None]
    found[there] = scores[[row for row in rows if row is not None]]
    return found


def _row(row: Row, entry: Entry, scores: Json) -> Json:
    one = entry.submission
    return {
        "entrant": row.entrant,
        "name": one.name,
        "author": one.author,
        "account": entry.account,
        "baseline": one.baseline,
        "place": row.place,
        "places": [row.best_rank, row.worst_rank],
        "headline": _interval(row.headline),
        "pillars": {name: _interval(pillar) for name, pillar in row.pillars.items()},
        "better_than_next": None if row.beats_next is None else round(row.beats_next, DIGITS),
        "covered": round(row.covered, DIGITS),
        "scores": scores,
        "efficiency": {name: one.facts[name] for name in EFFICIENCY if name in one.facts},
    }


def _column(column: ranking_columns.Column) -> Json:
    about = metric(column.metric)
    return {
        "name": column.name,
        "title": about.title,
        "meaning": about.meaning,
        "world": column.world,
        "mode": column.mode,
        "metric": column.metric,
        "pillar": column.pillar,
        "unit": about.unit,
        "digits": about.digits,
        "higher_is_better": about.higher_is_better,
        "random": round(column.random, DIGITS),
        "reference": round(column.reference, DIGITS),
    }


def _intervals(found: Sequence[Scored]) -> list[Json]:
    """For each entrant its score in every column that it has anything in, in the metric's own unit."""
    rows: list[Json] = [{} for _ in range(len(found[0].scores) if found else 0)]
    for one in found:
        order = np.argsort(one.column.seeds)
        draws = weights(one.column, stats.RESAMPLES, stats.SEED)
        resampled = np.einsum("rs,ps->rp", draws, one.scores[:, order], optimize=False)
        for row, interval in zip(rows, stats.Standing(resampled[0], resampled[1:]).intervals(), strict=True):
            if interval.value == interval.value:
                row[one.column.name] = _interval(interval)
    return rows


def _interval(found: stats.Interval, digits: int = DIGITS) -> Json:
    return {"value": round(found.value, digits), "low": round(found.low, digits), "high": round(found.high, digits)}


def _matches(shown: Sequence[Entry], matches: Sequence[Match]) -> Json | None:
    """Ratings and head-to-head counts of those who are shown; nothing where nobody met."""
    names = {entry.submission.key: entry.submission.name for entry in shown}
    games = [one for one in matches if one.first in names and one.second in names]
    if not games:
        return None
    ids = [f"{one.scenario} {one.seed} {min(one.first, one.second)} {max(one.first, one.second)}" for one in games]
    found = rate(tally([g.first for g in games], [g.second for g in games], [g.outcome for g in games], ids, sorted(names)))
    return {
        "players": [{"key": key, "name": names[key]} for key in found.players],
        "elo": [_interval(rating, ELO_DIGITS) for rating in found.ratings],
        "wins": found.wins.tolist(),
        "ties": found.draws.tolist(),
        "p_beat": [[None if p != p else round(p, DIGITS) for p in row] for row in found.beats.tolist()],
    }
