"""Leases: a job belongs to one worker for a while, and only the present owner's result is taken.

On PostgreSQL workers pass each other by ``SKIP LOCKED``; on SQLite taking a job is one transaction that writes, of which there is one at a
time. Moments are the server's or, for a file, this machine's, whose clock may jump: a lease that ends farther ahead than any lease can is
one from before a jump and counts as ended. A worker that is alive renews it; if another was faster, the token of the lease decides, and
what the slower one has done is thrown away.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import log, models, processes
from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.database.models import DONE, GIVEN_UP, LEASED, PLAYING, WAITING, Attempt, EvalPlan, Job
from avatarium.leaderboards.queue.rules import Rules

CHECK, EPISODES, MATCH = "check", "episodes", "match"
"""Kinds of jobs; nothing of a submission but its check is done before that has gone well."""
FINISHED, LOST, RELEASED, INFRASTRUCTURE, WORLD = "done", "lost", "released", "infrastructure fault", "world fault"
"""How attempts end."""
Store = Callable[[orm.Session, Job], None]
"""Puts what a job has found into the database, in the transaction that ends the job."""


class LostError(RuntimeError):
    """Somebody else owns the job by now, or it is no longer wanted: what was done for it is thrown away."""


@dataclass(frozen=True)
class Lease:
    """A job in the hands of a worker."""

    job: int
    key: str
    kind: str
    payload: dict[str, Any]
    plan: int
    submission: str
    attempt: int
    """1 for the first."""
    owner: str
    """Token of this lease, which no other has."""


def take(database: Database, rules: Rules, submission: str | None = None) -> Lease | None:
    """Lease the next job, of one submission if that is given; None when there is nothing to do now."""
    return database.insist(lambda session: _take(session, rules, submission))


def _take(session: orm.Session, rules: Rules, submission: str | None) -> Lease | None:
    moment = now(session)
    _bury(session)
    while job := _next(session, rules, moment, submission):
        _end_attempt(session, job, moment, LOST, "its worker fell silent")
        if job.attempts < rules.attempts:
            return _lease(session, job, moment, rules)
        job.state, job.reason = GIVEN_UP, f"begun {job.attempts} times, and every time its worker fell silent"
        session.flush()
    return None


def _bury(session: orm.Session) -> None:
    """Let leases end at once whose workers were killed on this machine."""
    query = sql.select(Job.owner).where(Job.state == LEASED, Job.owner.startswith(f"{processes.machine()}:", autoescape=True))
    dead = [owner for owner in session.scalars(query) if processes.gone(owner.rpartition(":")[0])]
    if dead:
        session.execute(sql.update(Job).where(Job.owner.in_(dead), Job.state == LEASED).values(lease_until=0.0))


def _next(session: orm.Session, rules: Rules, moment: float, submission: str | None) -> Job | None:
    """The first job that nobody has; those whose worker fell silent come first."""
    silent = sql.or_(Job.lease_until <= moment, Job.lease_until > moment + 2 * rules.lease_s)
    ready = sql.or_(Job.not_before <= moment, Job.not_before > moment + 2 * rules.longest_back_off_s)
    for state, due in ((LEASED, silent), (WAITING, ready)):
        query = sql.select(Job).join(EvalPlan, Job.plan == EvalPlan.id).where(Job.state == state, due, unblocked())
        if submission is not None:
            query = query.where(EvalPlan.submission == submission)
        query = query.order_by(Job.priority, Job.id).limit(1).with_for_update(skip_locked=True, of=Job)
        if job := session.scalars(query).first():
            return job
    return None


def unblocked() -> sql.ColumnElement[bool]:
    """Whether a job may be done as far as its plan is: checks at once, everything else after the check."""
    return sql.or_(Job.kind == CHECK, EvalPlan.state.in_((PLAYING, models.FINISHED)))


def _lease(session: orm.Session, job: Job, moment: float, rules: Rules) -> Lease:
    owner = f"{processes.me()}:{uuid.uuid4().hex}"
    job.state, job.owner, job.lease_until, job.attempts = LEASED, owner, moment + rules.lease_s, job.attempts + 1
    session.add(Attempt(job=job.id, owner=owner, started=moment, outcome="", sentence=""))
    submission = session.scalars(sql.select(EvalPlan.submission).where(EvalPlan.id == job.plan)).one()
    return Lease(job.id, job.key, job.kind, job.payload, job.plan, submission, job.attempts, owner)


def beat(database: Database, lease: Lease, rules: Rules) -> bool:
    """Renew a lease; False when it is somebody else's by now."""
    with database.session() as session:
        renewed = sql.update(Job).where(Job.id == lease.job, Job.state == LEASED, Job.owner == lease.owner)
        found = session.execute(renewed.values(lease_until=now(session) + rules.lease_s).returning(Job.id))
        return found.first() is not None


def finish(database: Database, lease: Lease, store: Store) -> None:
    """End a job with what ``store`` puts into the database, all in one transaction. Raises LostError unless the lease still holds."""

    def action(session: orm.Session, job: Job, moment: float) -> None:
        _end_attempt(session, job, moment, FINISHED, "")
        job.state, job.reason, job.finished = DONE, "", moment
        store(session, job)

    _owning(database, lease, action)


def put_back(database: Database, lease: Lease, rules: Rules, sentence: str) -> None:
    """After a fault that is not the policy's: the job waits for its next attempt, or is given up when there were enough."""

    def action(session: orm.Session, job: Job, moment: float) -> None:
        _end_attempt(session, job, moment, INFRASTRUCTURE, sentence)
        job.state = WAITING if job.attempts < rules.attempts else GIVEN_UP
        job.reason, job.owner, job.not_before = sentence, "", moment + rules.back_off(job.attempts)

    _owning(database, lease, action)


def blame_world(database: Database, lease: Lease, store: Store, sentence: str) -> None:
    """After a fault of the world: ``store`` makes the job void, with all others that the world spoils."""

    def action(session: orm.Session, job: Job, moment: float) -> None:
        _end_attempt(session, job, moment, WORLD, sentence)
        store(session, job)

    _owning(database, lease, action)


def release(database: Database, lease: Lease, sentence: str) -> None:
    """Give a job back as if it had not been begun."""

    def action(session: orm.Session, job: Job, moment: float) -> None:
        _end_attempt(session, job, moment, RELEASED, sentence)
        job.state, job.reason, job.owner, job.attempts = WAITING, sentence, "", job.attempts - 1

    _owning(database, lease, action)


def _owning(database: Database, lease: Lease, action: Callable[[orm.Session, Job, float], None]) -> None:
    """Run ``action`` with the job of a lease, in a transaction in which nobody else can have it. Raises LostError."""

    def held(session: orm.Session) -> None:
        log.wait_turn(session)
        job = session.scalars(sql.select(Job).where(Job.id == lease.job).with_for_update()).one()
        if job.owner == lease.owner and job.state == DONE:
            return  # by a commit whose confirmation was lost
        if job.owner != lease.owner or job.state != LEASED:
            raise LostError(f"job {lease.key[:16]} is no longer this worker's")
        action(session, job, now(session))

    database.insist(held)


def _end_attempt(session: orm.Session, job: Job, moment: float, outcome: str, sentence: str) -> None:
    ended = sql.update(Attempt).where(Attempt.job == job.id, Attempt.ended.is_(None))
    session.execute(ended.values(ended=moment, outcome=outcome, sentence=sentence))
