"""Submissions: all of them, those that failed or were withdrawn too, each with its reason."""

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.orm import Session

from avatarium.leaderboards.database import models
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.reading import cursors, shapes
from avatarium.worlds.core.errors import nearest

TOLD = ("state", "sentence")
"""What of an entry of the log is shown: others of its contents may be secret yet."""


@dataclass(frozen=True)
class Wanted:
    """Which submissions a list is of; empty fields ask for all."""

    season: str = ""
    world: str = ""
    state: str = ""
    account: str = ""
    find: str = ""


def listed(session: Session, wanted: Wanted, cursor: str | None, limit: int) -> shapes.Page[shapes.SubmissionSummary]:
    """Submissions, the newest first."""
    query = sql.select(models.Submission, models.Account.name).outerjoin(models.Account, models.Account.id == models.Submission.account)
    query = query.where(*_conditions(wanted)).order_by(models.Submission.created.desc(), models.Submission.key).limit(limit + 1)
    if cursor:
        created, key = cursors.unpack(cursor, float, str)
        later = sql.and_(models.Submission.created == created, models.Submission.key > key)
        query = query.where(sql.or_(models.Submission.created < created, later))
    found = [summary(row, account) for row, account in session.execute(query)]
    more = cursors.pack(found[limit - 1].created, found[limit - 1].key) if len(found) > limit else None
    return shapes.Page(items=found[:limit], next=more)


def _conditions(wanted: Wanted) -> list[sql.ColumnElement[bool]]:
    if wanted.state and wanted.state not in models.SUBMISSION_STATES:
        raise ProblemError(422, f"state: there is no {wanted.state[:40]!r}: {nearest(wanted.state[:40], models.SUBMISSION_STATES)}")
    found: list[sql.ColumnElement[bool]] = []
    if wanted.season:
        found.append(models.Submission.key.in_(sql.select(models.EvalPlan.submission).where(models.EvalPlan.season == wanted.season)))
    if wanted.world:
        found.append(models.Submission.world == wanted.world)
    if wanted.state:
        found.append(models.Submission.state == wanted.state)
    if wanted.account:
        found.append(models.Account.name == wanted.account)
    if wanted.find:
        text = [column.icontains(wanted.find, autoescape=True) for column in (models.Submission.name, models.Submission.author)]
        found.append(sql.or_(*text, models.Submission.key.startswith(wanted.find.lower(), autoescape=True)))
    return found


def states(session: Session) -> dict[str, int]:
    """How many submissions are in each state."""
    query = sql.select(models.Submission.state, sql.func.count()).group_by(models.Submission.state)
    return dict(session.execute(query).all())


def summary(row: models.Submission, account: str | None) -> shapes.SubmissionSummary:
    """What a list says of a submission."""
    kept = {name: getattr(row, name) for name in shapes.SubmissionSummary.model_fields if name != "account"}
    return shapes.SubmissionSummary(**kept, account=account or "")


def row(session: Session, key: str) -> models.Submission:
    """The submission with that key. Raises ProblemError 404."""
    found = session.get(models.Submission, key)
    if found is None:
        raise ProblemError(404, f"there is no submission {key[:64]!r}")
    return found


def state(session: Session, key: str) -> shapes.State:
    """Where a submission stands, and why."""
    found = row(session, key)
    return shapes.State(key=key, state=found.state, sentence=found.sentence, plans=plans(session, key))


def full(session: Session, key: str) -> shapes.Submission:
    """A submission with its plans and what happened to it."""
    found = row(session, key)
    account = session.get(models.Account, found.account) if found.account is not None else None
    return shapes.Submission(
        **summary(found, account.name if account else None).model_dump(),
        manifest=found.manifest,
        facts=found.facts,
        layers=found.layers,
        weights=found.weights,
        plans=plans(session, key),
        timeline=timeline(session, key),
    )


def plans(session: Session, key: str) -> list[shapes.Plan]:
    """How far a submission is in each track."""
    query = sql.select(models.EvalPlan).where(models.EvalPlan.submission == key).order_by(models.EvalPlan.created, models.EvalPlan.id)
    return [_plan(session, plan) for plan in session.scalars(query)]


def _plan(session: Session, plan: models.EvalPlan) -> shapes.Plan:
    played = sql.select(sql.func.count(models.Episode.id)).join(models.Job, models.Job.id == models.Episode.job)
    return shapes.Plan(
        season=plan.season,
        track=plan.track,
        state=plan.state,
        sentence=plan.sentence,
        episodes=plan.episodes,
        played=session.scalar(played.where(models.Job.plan == plan.id)) or 0,
        ahead=_ahead(session, plan.id),
        created=plan.created,
        finished=plan.finished,
    )


def _ahead(session: Session, plan: int) -> int | None:
    """Jobs of others before the first one of a plan that waits; None where none waits."""
    job = models.Job
    mine = sql.select(job.priority, job.id).where(job.plan == plan, job.state == models.WAITING).order_by(job.priority, job.id)
    first = session.execute(mine.limit(1)).first()
    if first is None:
        return None
    sooner = sql.or_(job.priority < first.priority, sql.and_(job.priority == first.priority, job.id < first.id))
    return session.scalar(
        sql.select(sql.func.count(job.id)).where(job.state.in_((models.WAITING, models.LEASED)), job.plan != plan, sooner)
    )


def timeline(session: Session, key: str) -> list[shapes.Happening]:
    """What the log tells of a submission, in order."""
    log = models.LogEntry
    query = sql.select(log).where(log.subject == f"submission:{key}").order_by(log.number)
    return [_happening(entry) for entry in session.scalars(query)]


def _happening(entry: models.LogEntry) -> shapes.Happening:
    content: Any = json.loads(entry.content)
    told = {name: str(content.get(name, "")) for name in TOLD} if isinstance(content, dict) else dict.fromkeys(TOLD, "")
    return shapes.Happening(number=entry.number, kind=entry.kind, created=entry.created, **told)


def worlds(session: Session) -> list[str]:
    """The worlds that somebody has submitted to."""
    return list(session.scalars(sql.select(models.Submission.world).distinct().order_by(models.Submission.world)))
