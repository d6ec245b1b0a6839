"""Trying again what was given up, and hurrying what waits for its next attempt."""

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database.models import GIVEN_UP, WAITING, EvalPlan, Job
from avatarium.worlds.core.errors import UserError


def retry(session: orm.Session, key: str = "") -> int:
    """Let jobs that were given up, or that wait after a fault, be done now: one, or those of a submission, by the beginning of its key, or
    all; returns how many. Raises UserError where there is no such job.
    """
    query = sql.select(Job).join(EvalPlan, Job.plan == EvalPlan.id)
    if key:
        begins = [column.startswith(key, autoescape=True) for column in (Job.key, EvalPlan.submission)]
        query = query.where(sql.or_(*begins))
        if session.scalars(query.limit(1)).first() is None:
            raise UserError(f"there is no job or submission {key!r}: `avatarium queue --jobs` lists them all")
    stuck = list(session.scalars(query.where(sql.or_(Job.state == GIVEN_UP, sql.and_(Job.state == WAITING, Job.attempts > 0)))))
    for one in stuck:
        one.state, one.attempts, one.not_before, one.owner = WAITING, 0, 0.0, ""
    return len(stuck)
