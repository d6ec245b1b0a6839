"""The life of a season: it is announced with its rules and the hash of its secret, frozen, and revealed; each step once, in this order."""

from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.database.models import (
    CHECKING,
    FINISHED,
    FROZEN,
    OPEN,
    PLAYING,
    RANKED,
    REVEALED,
    Anchor,
    EvalPlan,
    Season,
    Submission,
)
from avatarium.leaderboards.seasons import secret as secrets
from avatarium.leaderboards.seasons.definition import Definition
from avatarium.leaderboards.standings.columns import columns
from avatarium.worlds.core.errors import UserError, nearest


def announce(database: Database, definition: Definition, path: Path, secret: str | None = None) -> Season:
    """Begin a season: keep its secret, which is drawn unless it is given, in a file; publish rules and hash. Raises UserError."""
    for part in definition.parts:
        if not columns(part, range(part.episodes)):
            raise UserError(f"nothing counts for a pillar in {part.world} for the role {part.role}: its scenarios have to say what does")
    with database.session() as session:
        log.wait_turn(session)
        if session.get(Season, definition.name):
            raise UserError(f"there is a season {definition.name} already: choose another name")
        drawn = secret or secrets.draw()
        secrets.write(path, drawn)
        row = Season(
            name=definition.name,
            title=definition.title,
            state=OPEN,
            definition=definition.to_json(),
            ruleset=definition.ruleset,
            commitment=secrets.commitment(drawn),
            secret=None,
            created=now(session),
            frozen=None,
            revealed=None,
        )
        session.add(row)
        log.record(session, "season announced", row, commitment=row.commitment, ruleset=row.ruleset)
        for one in definition.parts:
            for anchor in one.anchors:
                about = {"season": row.name, "world": one.world, "role": one.role, "scenario": anchor.scenario, "metric": anchor.metric}
                kept = Anchor(**about, random=anchor.random, reference=anchor.reference, sha256=one.anchors_sha256)
                session.add(kept)
                log.record(session, "anchored", kept)
    return row


def find(session: orm.Session, name: str) -> Season:
    """The season of a name. Raises UserError when there is none."""
    row = session.get(Season, name)
    if row is None:
        known = list(session.scalars(sql.select(Season.name)))
        raise UserError(f"there is no season {name!r}: {nearest(name, known) if known else 'announce one with `avatarium season new`'}")
    return row


def secret_of(row: Season, path: Path) -> str:
    """The secret of a season: as revealed, or from the file that it is kept in. Raises UserError where neither is at hand."""
    return row.secret if row.secret is not None else secrets.read(path, row.commitment)


def freeze(database: Database, name: str) -> Season:
    """Take no more submissions. Raises UserError unless the season is open and all who submitted have been played to the end."""
    with database.session() as session:
        log.wait_turn(session)
        row = find(session, name)
        _expect(row, OPEN, "frozen")
        _expect_done(session, row)
        row.state, row.frozen = FROZEN, now(session)
        log.record(session, "season frozen", row)
    return row


def reveal(database: Database, name: str, path: Path) -> Season:
    """Publish the secret of a frozen season. Raises UserError unless it is frozen, everything is played and the file holds the secret."""
    with database.session() as session:
        log.wait_turn(session)
        row = find(session, name)
        _expect(row, FROZEN, "revealed")
        _expect_done(session, row)
        row.secret, row.state, row.revealed = secret_of(row, path), REVEALED, now(session)
        log.record(session, "season revealed", row, secret=row.secret)
    return row


def finalists(session: orm.Session, name: str) -> list[Submission]:
    """Who is ranked, and so plays the final track."""
    query = sql.select(Submission).join(EvalPlan, EvalPlan.submission == Submission.key)
    query = query.where(EvalPlan.season == name, EvalPlan.track == RANKED, EvalPlan.state == FINISHED)
    return list(session.scalars(query.order_by(Submission.created, Submission.key)))


def _expect(row: Season, state: str, done: str) -> None:
    if row.state != state:
        raise UserError(f"season {row.name} is {row.state}: only one that is {state} can be {done}")


def _expect_done(session: orm.Session, row: Season) -> None:
    waiting = sql.select(sql.func.count()).select_from(EvalPlan).where(EvalPlan.season == row.name, EvalPlan.state.in_((CHECKING, PLAYING)))
    if left := session.scalar(waiting):
        raise UserError(f"{left} evaluations of season {row.name} are not finished: let `avatarium work --drain` do them first")
