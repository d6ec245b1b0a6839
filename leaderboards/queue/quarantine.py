"""Worlds that fail by themselves: their version is quarantined, and what was played in it is void until somebody has looked."""

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.database.models import CHECKING, FINISHED, PLAYING, VOID, Submission, WorldVersion
from avatarium.leaderboards.queue import plans
from avatarium.worlds.core.errors import UserError


def version(session: orm.Session, world: str, number: int) -> WorldVersion:
    """The row of a world's version, made when it is first spoken of."""
    log.wait_turn(session)
    row = session.get(WorldVersion, (world, number))
    if row is None:
        row = WorldVersion(world=world, version=number, digest="", quarantined="", created=now(session))
        session.add(row)
        log.record(session, "first played", row)
    return row


def impose(session: orm.Session, world: str, number: int, reason: str) -> int:
    """Let no score of a world's version count; returns how many submissions that makes void."""
    row = version(session, world, number)
    if not row.quarantined:
        row.quarantined = reason
        log.record(session, "quarantined", row, reason=reason)
    hit = _of(session, world, number, (CHECKING, PLAYING, FINISHED))
    for one in hit:
        plans.close(session, one, VOID, f"{world} version {number} is quarantined: {row.quarantined}", (CHECKING, PLAYING, FINISHED))
    return len(hit)


def lift(session: orm.Session, world: str, number: int) -> int:
    """Let scores of a world's version count again, and play what is missing; returns how many submissions that concerns."""
    row = version(session, world, number)
    if not row.quarantined:
        raise UserError(f"{world} version {number} is not quarantined")
    row.quarantined = ""
    log.record(session, "quarantine lifted", row)
    hit = _of(session, world, number, (VOID,))
    for one in hit:
        plans.reopen(session, one)
    return len(hit)


def check(session: orm.Session, world: str, number: int) -> None:
    """Raise UserError when nothing can be played in a world's version at present."""
    row = version(session, world, number)
    if row.quarantined:
        raise UserError(f"{world} version {number} is quarantined ({row.quarantined}): submit again when that has been mended")


def _of(session: orm.Session, world: str, number: int, states: tuple[str, ...]) -> list[Submission]:
    query = sql.select(Submission).where(Submission.world == world, Submission.world_version == number, Submission.state.in_(states))
    return list(session.scalars(query.order_by(Submission.created, Submission.key)))
