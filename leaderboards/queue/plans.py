"""Plans: what a submission has to play, as jobs, and what becomes of both in the end."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import log, seals
from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.database.models import (
    CHECKING,
    DONE,
    FAILED,
    FINISHED,
    GIVEN_UP,
    LEASED,
    PLAYING,
    REJECTED,
    RETIRED,
    VOID,
    WAITING,
    EvalPlan,
    Job,
    Season,
    Submission,
)
from avatarium.leaderboards.queue.leases import CHECK, EPISODES
from avatarium.leaderboards.scenarios import Scenario
from avatarium.worlds.core.spec import WorldSpec

CLOSED = (REJECTED, FAILED, RETIRED, VOID)
"""States in which nothing more is played."""
UNDONE = (WAITING, LEASED, GIVEN_UP)


class Block(Protocol):
    """Episodes that are played side by side."""

    @property
    def scenario(self) -> Scenario:
        """Where."""

    @property
    def seeds(self) -> Sequence[int]:
        """One for each episode."""


def plan(
    session: orm.Session, one: Submission, season: Season, track: str, spec: WorldSpec, blocks: Iterable[Block], trust: bool = False
) -> EvalPlan:
    """What ``one`` has to play in a track, as jobs; those that are there already stay, so that planning again only adds what is new."""
    query = sql.select(EvalPlan).where(EvalPlan.submission == one.key, EvalPlan.season == season.name, EvalPlan.track == track)
    row = session.scalars(query).one_or_none()
    if row is None:
        state = PLAYING if one.state == FINISHED else one.state
        row = EvalPlan(submission=one.key, season=season.name, track=track, episodes=0, state=state, sentence=one.sentence)
        row.created, row.finished = now(session), None
        session.add(row)
        session.flush()
        log.record(session, "planned", row)
    if row.state not in CLOSED:
        before = row.episodes
        _add_jobs(session, one, row, season.ruleset, spec, list(blocks), trust)
        if row.episodes > before:
            if row.state == FINISHED:
                row.state, row.finished = PLAYING, None
            log.record(session, "planned", row, episodes=row.episodes)
        settle(session, row)
    return row


def _add_jobs(
    session: orm.Session, one: Submission, row: EvalPlan, ruleset: str, spec: WorldSpec, blocks: list[Block], trust: bool
) -> None:
    if one.state == CHECKING:
        add_job(session, row, CHECK, [one.key], {"trust": trust}, priority=-1)
    known: dict[str, set[int]] = {}
    for payload in session.scalars(sql.select(Job.payload).where(Job.plan == row.id, Job.kind == EPISODES)):
        known.setdefault(payload["key"], set()).update(payload["seeds"])
    order = len(known)
    for block in blocks:
        key = block.scenario.key(spec)
        missing = [seed for seed in block.seeds if seed not in known.get(key, ())]
        if not missing:
            continue
        payload = {"scenario": block.scenario.name, "key": key, "seeds": missing, "partner": "", "trust": trust}
        if add_job(session, row, EPISODES, [one.key, key, missing, "", ruleset, row.season, row.track], payload, order):
            row.episodes += len(missing)
            order += 1


def add_job(session: orm.Session, row: EvalPlan, kind: str, parts: list[Any], payload: dict[str, Any], priority: int) -> bool:
    """Add a job unless it is there. Priority counts up within a plan, so that everybody's first block comes before anybody's second."""
    key = seals.digest([kind, *parts])
    if session.scalars(sql.select(Job.id).where(Job.key == key)).first() is not None:
        return False
    fresh = Job(key=key, plan=row.id, kind=kind, payload=payload, state=WAITING, reason="", priority=priority, attempts=0)
    fresh.owner, fresh.lease_until, fresh.not_before, fresh.created, fresh.finished = "", 0.0, 0.0, now(session), None
    session.add(fresh)
    session.flush()
    return True


def settle(session: orm.Session, row: EvalPlan) -> None:
    """See whether a plan is finished, now that a job of it has ended, and with it its submission. Matches come afterwards."""
    session.flush()
    undone = sql.select(Job.id).where(Job.plan == row.id, Job.state.in_(UNDONE), Job.kind.in_((CHECK, EPISODES)))
    if row.state != PLAYING or _has(session, undone):
        _reopen(session, row)
        return
    row.state, row.sentence, row.finished = FINISHED, "", now(session)
    log.record(session, "finished", row)
    one = session.get_one(Submission, row.submission)
    others = sql.select(EvalPlan.id).where(EvalPlan.submission == one.key, EvalPlan.state.in_((CHECKING, PLAYING)))
    if one.state == PLAYING and not _has(session, others):
        one.state, one.sentence = FINISHED, ""
        log.record(session, "finished", one)


def _reopen(session: orm.Session, row: EvalPlan) -> None:
    """A finished submission that has more to play is playing."""
    one = session.get_one(Submission, row.submission)
    if row.state == PLAYING and one.state == FINISHED:
        one.state = PLAYING
        log.record(session, "playing", one)


def passed(session: orm.Session, one: Submission) -> None:
    """Let a submission play, now that its check has gone well."""
    one.state, one.sentence = PLAYING, ""
    log.record(session, "passed its check", one)
    for row in _plans(session, one.key, (CHECKING,)):
        row.state = PLAYING
        log.record(session, "playing", row)
        settle(session, row)


def close(session: orm.Session, one: Submission, state: str, sentence: str, among: Sequence[str] = (CHECKING, PLAYING)) -> None:
    """End a submission, its plans that are ``among`` these states, and their jobs: rejected, failed, or void with its world."""
    session.flush()
    one.state, one.sentence = state, sentence
    log.record(session, state, one)
    for row in _plans(session, one.key, among):
        row.state, row.sentence, row.finished = state, sentence, now(session)
        log.record(session, state, row)
        undone = sql.update(Job).where(Job.plan == row.id, Job.state.in_(UNDONE))
        session.execute(undone.values(state=VOID, reason=sentence, owner=""))


def reopen(session: orm.Session, one: Submission) -> None:
    """Take back what made a submission void: what is missing is played."""
    check = sql.select(Job.id).join(EvalPlan, Job.plan == EvalPlan.id).where(EvalPlan.submission == one.key, Job.kind == CHECK)
    state = CHECKING if _has(session, check.where(Job.state != DONE)) else PLAYING
    for row in _plans(session, one.key, (VOID,)):
        one.state = row.state = state
        one.sentence = row.sentence = ""
        row.finished = None
        again = sql.update(Job).where(Job.plan == row.id, Job.state == VOID)
        session.execute(again.values(state=WAITING, reason="", attempts=0, not_before=0.0))
        log.record(session, row.state, row)
        log.record(session, row.state, one)
        settle(session, row)


def _plans(session: orm.Session, submission: str, states: Sequence[str]) -> list[EvalPlan]:
    query = sql.select(EvalPlan).where(EvalPlan.submission == submission, EvalPlan.state.in_(states))
    return list(session.scalars(query.order_by(EvalPlan.id)))


def _has(session: orm.Session, query: Any) -> bool:
    return session.scalars(query.limit(1)).first() is not None
