"""Rate limits in the database: two services on one board count together.

Requests are counted by periods, and the period before counts for the share of it that a sliding window still covers. So that reading a
page costs no write, a service draws allowances of several requests at once and hands them out from memory; what it has drawn and not
handed out counts as used until the period ends. Counts of past periods are thrown away, so their table is made where it is missing and
belongs to no migration.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from avatarium.leaderboards.database.engine import Database

_TABLES = sql.MetaData()
COUNTS = sql.Table(
    "request_count",
    _TABLES,
    sql.Column("subject", sql.String, primary_key=True),
    sql.Column("period", sql.BigInteger, primary_key=True),
    sql.Column("count", sql.BigInteger, nullable=False),
    sql.Column("ends", sql.Float, nullable=False, index=True),
)
DRAWS = 30
"""A service draws the allowance of a window in so many parts, or one by one where the limit is smaller."""
SWEEP_EVERY = 200
REMEMBERED = 50_000
"""Subjects in memory; where there are more, all of them draw anew."""


@dataclass(frozen=True)
class Verdict:
    """Whether a request is within its limit, and when there is room again (seconds; 0 where there is)."""

    limit: int
    wait_s: float

    @property
    def allowed(self) -> bool:
        """Whether it may go on."""
        return self.wait_s == 0.0


@dataclass
class _Purse:
    """What a service may still hand out to a subject in a period, or until when it has been told that there is nothing."""

    period: int
    left: int
    closed_until: float = 0.0


class Limits:
    """The limits of one service. Threads may share it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock, self._lock = database, clock, threading.Lock()
        self._purses: dict[str, _Purse] = {}
        self._draws = 0
        _prepare(database)

    def take(self, subject: str, limit: int, window_s: float) -> Verdict:
        """Count one more request of ``subject``, unless that is more than ``limit`` in ``window_s`` seconds."""
        moment = self._clock()
        period = int(moment // window_s)
        with self._lock:
            purse = self._purses.get(subject)
            if purse and moment < purse.closed_until <= moment + 2 * window_s:
                return Verdict(limit, purse.closed_until - moment)
            if purse and purse.period == period and purse.left > 0:
                purse.left -= 1
                return Verdict(limit, 0.0)
        with self._database.session() as session:
            drawn, wait_s = draw(session, subject, limit, window_s, moment, max(limit // DRAWS, 1))
            self._draws += 1
            if self._draws % SWEEP_EVERY == 1:
                session.execute(sql.delete(COUNTS).where(COUNTS.c.ends < moment))
        with self._lock:
            if len(self._purses) >= REMEMBERED:
                self._purses.clear()
            self._purses[subject] = _Purse(period, max(drawn - 1, 0), 0.0 if drawn else moment + wait_s)
        return Verdict(limit, 0.0 if drawn else wait_s)


def draw(session: Session, subject: str, limit: int, window_s: float, moment: float, wanted: int) -> tuple[int, float]:
    """How many of ``wanted`` requests a subject may make now; they are counted. Where it is none: after how many seconds there is room."""
    period, into = divmod(moment, window_s)
    before = session.scalar(sql.select(COUNTS.c.count).where(COUNTS.c.subject == subject, COUNTS.c.period == period - 1)) or 0
    ends = (period + 2) * window_s
    count = _add(session, subject, int(period), ends, wanted)
    room = limit - before * (1.0 - into / window_s) - (count - wanted)
    drawn = max(min(wanted, math.floor(room)), 0)
    if drawn < wanted:
        _add(session, subject, int(period), ends, drawn - wanted)
    return drawn, 0.0 if drawn else _wait(count - wanted, before, limit, into, window_s)


def _wait(count: int, before: int, limit: int, into: float, window_s: float) -> float:
    """Seconds until a sliding window has room for one: in this period where enough of the one before leaves it, else in the next one."""
    room = limit - 1 - count
    if room >= 0 and before:
        return max(window_s * (1.0 - room / before) - into, 0.001)
    return window_s - into + max(window_s * (1.0 - (limit - 1) / max(count, 1)), 0.0)


def _add(session: Session, subject: str, period: int, ends: float, number: int) -> int:
    """Change a count, and return what it is now; the row stays locked until the transaction ends."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(COUNTS).values({"subject": subject, "period": period, "count": number, "ends": ends})
    changed = {"count": COUNTS.c.count + number}
    statement = row.on_conflict_do_update(index_elements=[COUNTS.c.subject, COUNTS.c.period], set_=changed).returning(COUNTS.c.count)
    return int(session.execute(statement).scalar_one())


def _prepare(database: Database) -> None:
    """Make the table where it is missing; of two services that begin at once, one finds it made."""
    try:
        with database.session() as session:
            _TABLES.create_all(session.connection(), checkfirst=True)
    except (sql.exc.IntegrityError, sql.exc.ProgrammingError):
        with database.session() as session:
            _TABLES.create_all(session.connection(), checkfirst=True)
