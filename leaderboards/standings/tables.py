"""Tables as JSON: who stands where in a part of a season, or over all of it, with everything that pages show of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from avatarium.leaderboards import stats
from avatarium.leaderboards.database.models import Submission
from avatarium.leaderboards.metrics import metric
from avatarium.leaderboards.ranking import columns as ranking_columns
from avatarium.leaderboards.ranking.resampling import means, weights
from avatarium.leaderboards.ranking.table import Row, table
from avatarium.leaderboards.seasons.definition import Part
from avatarium.leaderboards.standings import matches
from avatarium.leaderboards.standings.columns import columns, values
from avatarium.leaderboards.standings.matches import Game
from avatarium.leaderboards.standings.rounding import interval, rounded
from avatarium.leaderboards.standings.sums import Sums

Json = dict[str, Any]
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

    @cached_property
    def intervals(self) -> list[Json | None]:
        """The mean of each entrant over seeds, in the metric's own unit, with its interval; None where it has nothing."""
        ordered = self.scores[:, np.argsort(self.column.seeds)]
        found = means(ordered, weights(self.column, stats.RESAMPLES, stats.SEED))
        intervals = stats.Standing(found[:, 0], found[:, 1:].T).intervals()
        return [None if one.value != one.value else interval(one) for one in intervals]


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


def of_part(found: Sequence[Scored], entries: Sequence[Entry], clones: Mapping[str, str], games: Sequence[Game]) -> Json:
    """The table of one role in one world, from the columns of all ``entries`` that are no copies.

    ``clones`` says of copies by key whose row they share.
    """
    shown = [entry for entry in entries if entry.submission.key not in clones]
    if not shown:
        return {"columns": [_column(one.column) for one in found], "rows": [], "matches": None}
    keys = [entry.submission.key for entry in shown]
    copies = defaultdict(list)
    for entry in entries:
        if entry.submission.key in clones:
            copies[clones[entry.submission.key]].append({"key": entry.submission.key, "name": entry.submission.name})
    attempts = Counter(_owner(entry) for entry in entries)
    by_key = {entry.submission.key: (k, entry) for k, entry in enumerate(shown)}
    rows = []
    for row in ranked(keys, found):
        k, entry = by_key[row.entrant]
        about = {"submissions": [row.entrant], "clones": copies[row.entrant], "attempts": attempts[_owner(entry)]}
        rows.append(_row(row, entry, _scores(found, k)) | about)
    names = {entry.submission.key: entry.submission.name for entry in shown}
    return {"columns": [_column(one.column) for one in found], "rows": rows, "matches": matches.table(names, games)}


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
    rows = []
    for row in ranked(entrants, spread):
        mine = [(found, entries, where[row.entrant]) for (found, entries), where in zip(parts, latest, strict=True) if row.entrant in where]
        submissions = [entries[k] for _, entries, k in mine]
        scores = {name: score for found, _, k in mine for name, score in _scores(found, k).items()}
        about = {"submissions": [one.submission.key for one in submissions], "clones": [], "attempts": len(mine)}
        rows.append(_row(row, submissions[-1], scores) | about)
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
        "headline": interval(row.headline),
        "pillars": {name: interval(pillar) for name, pillar in row.pillars.items()},
        "better_than_next": None if row.beats_next is None else rounded(row.beats_next),
        "covered": rounded(row.covered),
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
        "random": rounded(column.random),
        "reference": rounded(column.reference),
    }


def _scores(found: Sequence[Scored], k: int) -> Json:
    """The scores of an entrant in those columns in which it has any."""
    return {one.column.name: score for one in found if (score := one.intervals[k]) is not None}
