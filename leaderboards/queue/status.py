"""What is where: every submission and every job with its state, why it is there, and what happens next."""

import re
from dataclasses import dataclass

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.database.models import (
    CHECKING,
    DONE,
    FINISHED,
    GIVEN_UP,
    LEASED,
    PLAYING,
    VOID,
    WAITING,
    Attempt,
    EvalPlan,
    Job,
    Submission,
)
from avatarium.leaderboards.queue.leases import CHECK

RETRY = "avatarium queue retry"


@dataclass(frozen=True)
class JobStatus:
    """A job, and what happens next to it."""

    key: str
    kind: str
    state: str
    reason: str
    next: str
    """What it waits for, or what can be done; empty only where nothing is left to do."""
    position: int | None
    """Its place in the queue, 1 being the next; None unless it waits."""
    attempts: int
    waited_s: float
    """Since it was planned, until it was done or now."""


@dataclass(frozen=True)
class SubmissionStatus:
    """A submission, what its state is due to, and what happens next."""

    key: str
    name: str
    world: str
    baseline: bool
    state: str
    sentence: str
    next: str
    jobs: dict[str, int]
    """How many of its jobs are in which state."""
    position: int | None
    """Of its first job in the queue."""
    waited_s: float
    """Since it came, until its last job was done or now."""


def left(session: orm.Session, submission: str | None = None) -> int:
    """How many jobs are still to be done, of one submission or all: those that wait and those that somebody has."""
    query = sql.select(sql.func.count()).select_from(Job).join(EvalPlan, Job.plan == EvalPlan.id).where(Job.state.in_((WAITING, LEASED)))
    return session.scalar(query if submission is None else query.where(EvalPlan.submission == submission)) or 0


def counts(session: orm.Session) -> dict[str, int]:
    """How many jobs are in which state."""
    return dict(session.execute(sql.select(Job.state, sql.func.count()).group_by(Job.state)).all())


def jobs(session: orm.Session, submission: str | None = None) -> list[JobStatus]:
    """All jobs, or those of one submission, in the order in which they are done."""
    moment, places, owners = now(session), _positions(session), _owners(session)
    query = sql.select(Job, EvalPlan).join(EvalPlan, Job.plan == EvalPlan.id).order_by(Job.priority, Job.id)
    if submission is not None:
        query = query.where(EvalPlan.submission == submission)
    return [_job(job, plan, moment, places.get(job.id), owners.get(job.id, moment)) for job, plan in session.execute(query)]


def submissions(session: orm.Session, key: str | None = None) -> list[SubmissionStatus]:
    """All submissions, or one, in the order in which they came."""
    moment, query = now(session), sql.select(Submission).order_by(Submission.created, Submission.key)
    if key is not None:
        query = query.where(Submission.key == key)
    known: dict[str, list[JobStatus]] = {}
    by_plan = dict(session.execute(sql.select(Job.key, EvalPlan.submission).join(EvalPlan, Job.plan == EvalPlan.id)).all())
    for one in jobs(session, key):
        known.setdefault(by_plan[one.key], []).append(one)
    return [_submission(one, known.get(one.key, []), moment) for one in session.scalars(query)]


def _positions(session: orm.Session) -> dict[int, int]:
    query = sql.select(Job.id).where(Job.state == WAITING).order_by(Job.priority, Job.id)
    return {job: place for place, job in enumerate(session.scalars(query), 1)}


def _owners(session: orm.Session) -> dict[int, float]:
    """When the present owner of each job began."""
    return dict(session.execute(sql.select(Attempt.job, sql.func.max(Attempt.started)).group_by(Attempt.job)).all())


def _job(job: Job, plan: EvalPlan, moment: float, place: int | None, begun: float) -> JobStatus:
    reason = job.reason or (plan.sentence if job.state == VOID else "")
    waited = (job.finished or moment) - job.created
    return JobStatus(job.key, job.kind, job.state, reason, _next(job, plan, moment, place, begun), place, job.attempts, max(0.0, waited))


def _next(job: Job, plan: EvalPlan, moment: float, place: int | None, begun: float) -> str:
    if job.state == GIVEN_UP:
        return f"`{RETRY} {job.key[:12]}` tries it again"
    if job.state == VOID:
        return "nothing, unless its world is mended and the quarantine lifted" if plan.state == VOID else ""
    if job.state == LEASED:
        host = re.split("[~:]", job.owner)[0]
        if job.lease_until <= moment:
            return f"the worker on {host} fell silent: the next one takes it"
        return f"being done on {host} for {max(0.0, moment - begun):.0f} s, attempt {job.attempts}"
    if job.state == DONE:
        return ""
    if job.not_before > moment:
        return f"tried again in {job.not_before - moment:.0f} s"
    if job.kind != CHECK and plan.state == CHECKING:
        return "waits for the check of its submission"
    return f"number {place} in the queue"


def _submission(one: Submission, its: list[JobStatus], moment: float) -> SubmissionStatus:
    found: dict[str, int] = {}
    for job in its:
        found[job.state] = found.get(job.state, 0) + 1
    place = min((job.position for job in its if job.position), default=None)
    over = one.state not in (CHECKING, PLAYING)
    waited = max((job.waited_s for job in its), default=0.0) if over else moment - one.created
    told = (one.key, one.name, one.world, one.baseline, one.state)
    return SubmissionStatus(*told, _why(one, its), _then(one, its), found, place, max(0.0, waited))


def _why(one: Submission, its: list[JobStatus]) -> str:
    stuck = [job.reason for job in its if job.state == GIVEN_UP]
    if stuck and one.state in (CHECKING, PLAYING):
        return f"{len(stuck)} of {len(its)} jobs are given up: {stuck[0]}"
    return one.sentence


def _then(one: Submission, its: list[JobStatus]) -> str:
    """What happens next; empty only for states that are the end."""
    if one.state not in (CHECKING, PLAYING):
        return "nothing, unless its world is mended and the quarantine lifted" if one.state == VOID else ""
    going = [job for job in its if job.state in (LEASED, WAITING)]
    if going:
        return going[0].next
    return next((job.next for job in its if job.state == GIVEN_UP), "nothing is planned for it: plan it in a season")


def unexplained(session: orm.Session) -> list[str]:
    """What is in a state without a reason and without a next step: there is nothing of the kind, or the queue is broken."""
    found = [f"job {one.key[:16]} is {one.state}" for one in jobs(session) if one.state != DONE and not (one.reason or one.next)]
    settled = (FINISHED,)
    found += [f"{one.name} is {one.state}" for one in submissions(session) if one.state not in settled and not (one.sentence or one.next)]
    return found
