"""Computing the tables of a season from the database, and keeping them for pages to show."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.database.models import (
    FINISHED,
    RANKED,
    Account,
    Episode,
    EvalPlan,
    Match,
    PlanSums,
    RatingSnapshot,
    Season,
    Submission,
)
from avatarium.leaderboards.ranking.columns import PILLARS
from avatarium.leaderboards.seasons.definition import Definition, Part, canonical, from_json
from avatarium.leaderboards.standings import tables
from avatarium.leaderboards.standings.matches import Game, lines
from avatarium.leaderboards.standings.sums import Sums, sums, unpack
from avatarium.leaderboards.standings.tables import Entry

Json = dict[str, Any]
SUITE = ("", "")
"""World and role of the table over all worlds."""


@dataclass(frozen=True)
class Table:
    """One table, and the hash of all that it follows from."""

    world: str
    role: str
    inputs: str
    content: Json


@dataclass(frozen=True)
class Evidence:
    """What the tables of a track follow from, wherever it was kept: in a database, or in the bundle of a season."""

    entries: Mapping[tuple[str, str], Sequence[Entry]]
    """By world and role: who has played everything."""
    others: Mapping[tuple[str, str], Sequence[tuple[Submission, str, str]]]
    """Who has not, with the state and the sentence that say why."""
    games: Mapping[tuple[str, str], Sequence[Game]]
    clones: Mapping[str, str]
    """Copies by key, and whose row they share."""


def evaluate(definition: Definition, track: str, secret: str, found: Evidence) -> Iterator[Table]:
    """The tables of a track: one for each part that somebody has entered, then the one over all worlds."""
    parts, marks = [], []
    for part in definition.parts:
        where = (part.world, part.role)
        entries = sorted(found.entries.get(where, ()), key=lambda entry: entry.submission.key)
        games = sorted(found.games.get(where, ()))
        others = [_unranked(*one) for one in sorted(found.others.get(where, ()), key=lambda one: one[0].key)]
        if not entries and not others:
            continue
        seeds = part.seeds(part.alone[0], track, secret)
        mine = {key: shown for key, shown in found.clones.items() if key in {entry.submission.key for entry in entries}}
        shown = [entry for entry in entries if entry.submission.key not in mine]
        columns = tables.scored(part, seeds, shown)
        marks.append(_inputs(definition, part, entries, games, others, mine))
        yield Table(*where, marks[-1], _about(definition, track, *where, tables.of_part(columns, entries, mine, games), others))
        if entries:
            parts.append((columns, shown))
    if parts:
        yield Table(*SUITE, _digest(marks), _about(definition, track, *SUITE, tables.suite(parts), []))


def _about(definition: Definition, track: str, world: str, role: str, content: Json, others: list[Json]) -> Json:
    there = {column["pillar"] for column in content["columns"]}
    pillars = [name for name in PILLARS if name in there]
    head = {"season": definition.name, "track": track, "world": world, "role": role, "pillars": pillars}
    return {**head, **content, "unranked": others}


def _unranked(one: Submission, state: str, sentence: str) -> Json:
    return {"key": one.key, "name": one.name, "author": one.author, "state": state, "sentence": sentence}


def _inputs(
    definition: Definition, part: Part, entries: Sequence[Entry], games: Sequence[Game], others: list[Json], clones: Mapping[str, str]
) -> str:
    """SHA-256 of everything that a part's table follows from."""
    told = [[e.submission.key, e.account, e.submission.name, e.sums.sha256] for e in entries]
    return _digest([definition.ruleset, part.world, part.role, told, others, sorted(clones.items())], lines(games))


def _digest(content: Any, more: bytes = b"") -> str:
    found = hashlib.sha256(canonical(content).encode())
    found.update(more)
    return found.hexdigest()


def evidence(session: orm.Session, definition: Definition, track: str, secret: str) -> Evidence:
    """What is stored of a season's track. Sums that are not kept yet are computed from episodes."""
    entries, others = defaultdict(list), defaultdict(list)
    query = sql.select(EvalPlan, Submission, PlanSums.content, Account.name).join(Submission, Submission.key == EvalPlan.submission)
    query = query.outerjoin(PlanSums, PlanSums.plan == EvalPlan.id).outerjoin(Account, Account.id == Submission.account)
    query = query.where(EvalPlan.season == definition.name, EvalPlan.track == track)
    untold = (orm.defer(column, raiseload=True) for column in (Submission.manifest, Submission.layers))  # by any table
    query = query.options(*untold).order_by(EvalPlan.id)
    clones = {}
    for plan, submission, content, account in session.execute(query):
        where = (submission.world, submission.role)
        if plan.state != FINISHED:
            others[where].append((submission, plan.state, plan.sentence))
            continue
        part = definition.part(*where)
        kept = unpack(part, content) if content is not None else _summed(session, part, track, secret, submission.key)
        entries[where].append(Entry(submission, kept, account or ""))
        if submission.clone_of:
            clones[submission.key] = submission.clone_of
    there = {entry.submission.key: where for where, found in entries.items() for entry in found}
    games = defaultdict(list)
    matches = sql.select(Match.scenario, Match.seed, Match.first, Match.second, Match.outcome).where(Match.season == definition.name)
    for scenario, seed, first, second, outcome in session.connection().execute(matches) if track == RANKED else ():
        if first in there:
            games[there[first]].append((scenario, seed, first, second, outcome))
    return Evidence(entries, others, games, {key: shown for key, shown in clones.items() if shown in there})


def _summed(session: orm.Session, part: Part, track: str, secret: str, key: str) -> Sums:
    seeds = part.seeds(part.alone[0], track, secret)
    episodes = session.scalars(sql.select(Episode).where(Episode.submission == key))
    return sums(part, seeds, episodes)


def keep_sums(session: orm.Session, season: str, track: str, found: Evidence) -> None:
    """Keep the sums of finished plans, so that their episodes need not be read again. A plan that is played on is summed anew."""
    sums_of = {entry.submission.key: entry.sums for some in found.entries.values() for entry in some}
    query = sql.select(EvalPlan.id, EvalPlan.submission).outerjoin(PlanSums, PlanSums.plan == EvalPlan.id)
    query = query.where(EvalPlan.season == season, EvalPlan.track == track, EvalPlan.state == FINISHED, PlanSums.plan.is_(None))
    session.add_all(PlanSums(plan=plan, content=sums_of[key].pack()) for plan, key in session.execute(query) if key in sums_of)


def refresh(database: Database, season: str, track: str, secret: str = "") -> list[Table]:
    """Compute the tables of a track anew and keep those that changed; returns all of them."""
    with database.reading() as session:
        row = session.get_one(Season, season)
        definition = from_json(row.definition)
        found = evidence(session, definition, track, secret)
    computed = list(evaluate(definition, track, secret, found))
    with database.session() as session:
        keep_sums(session, definition.name, track, found)
        for one in computed:
            last = latest(session, season, track, one.world, one.role)
            if last is None or last.inputs != one.inputs:
                about = {"season": season, "track": track, "world": one.world, "role": one.role, "inputs": one.inputs}
                session.add(RatingSnapshot(**about, table=one.content, created=now(session)))
    return computed


def latest(session: orm.Session, season: str, track: str, world: str = "", role: str = "") -> RatingSnapshot | None:
    """The newest table of its kind."""
    chosen = {"season": season, "track": track, "world": world, "role": role}
    return session.scalars(sql.select(RatingSnapshot).filter_by(**chosen).order_by(RatingSnapshot.id.desc()).limit(1)).first()
