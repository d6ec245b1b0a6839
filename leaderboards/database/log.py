"""The log of everything that happened: each entry holds the hash of the one before, so that nothing can be changed unseen.

Haber and Stornetta 1991, "How to time-stamp a digital document". Rows that decide scores are entered with the SHA-256 of their columns
(``seals``), in the transaction that changes them. Whoever holds the database could still rewrite the whole log, so the hash of its last
entry is worth publishing now and then: up to there nobody can.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import seals
from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.database.models import Base, LogEntry

BEGINNING = "0" * 64
"""What stands for the hash before the first entry."""
TURN = 7_102_026
"""Key of the lock by which writers of the log take turns on PostgreSQL; on SQLite only one writes at a time anyway."""
AT_ONCE = 1000
LAST = "last entry of the log"
"""Where a session remembers what it has appended: nobody else appends before it ends."""
FIELDS = ("number", "kind", "subject", "content", "previous", "created")


def wait_turn(session: orm.Session) -> None:
    """Be the only one who writes the log until the transaction ends. Ask before locking rows, so that nobody waits in a circle."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql.text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})


def append(session: orm.Session, kind: str, subject: str, content: Mapping[str, Any]) -> LogEntry:
    """Enter an event in the caller's transaction, which is one of ``Database.session``."""
    if LAST not in session.info:
        wait_turn(session)
        session.info[LAST] = head(session)
    last: LogEntry | None = session.info[LAST]
    number, previous = (last.number + 1, last.hash) if last else (1, BEGINNING)
    entry = LogEntry(number=number, kind=kind, subject=subject, content=seals.canonical(content), previous=previous, created=now(session))
    entry.hash = hash_of(entry)
    session.add(entry)
    session.info[LAST] = entry
    return entry


def record(session: orm.Session, kind: str, row: Base, **content: Any) -> LogEntry:
    """Enter what became of a row that decides scores, with its SHA-256. Call it after every change of such a row, in its transaction."""
    session.flush()
    return append(session, kind, seals.subject(row), {**content, "sha256": seals.seal(row)})


def head(session: orm.Session) -> LogEntry | None:
    """The last entry: its hash stands for the whole log."""
    return session.scalars(sql.select(LogEntry).order_by(LogEntry.number.desc()).limit(1)).first()


def hash_of(entry: LogEntry) -> str:
    """SHA-256 of an entry, which includes the hash of the one before."""
    return seals.digest([getattr(entry, field) for field in FIELDS])


def entries(session: orm.Session) -> Iterator[LogEntry]:
    """All entries, from the first."""
    yield from session.scalars(sql.select(LogEntry).order_by(LogEntry.number).execution_options(yield_per=AT_ONCE))


def lines(session: orm.Session) -> Iterator[str]:
    """The log as JSON lines, for others to keep and to check."""
    for entry in entries(session):
        yield json.dumps({field: getattr(entry, field) for field in (*FIELDS, "hash")}, sort_keys=True)


def parse(text: Iterable[str]) -> Iterator[LogEntry]:
    """Entries from JSON lines, for ``breaks``."""
    for line in text:
        yield LogEntry(**json.loads(line))


def breaks(log: Iterable[LogEntry]) -> Iterator[str]:
    """Where a log is not what was written: one sentence for each entry that was changed, left out or put in."""
    number, previous = 0, BEGINNING
    for entry in log:
        number += 1
        if entry.number != number:
            yield f"entry {number} of the log is missing"
        elif entry.previous != previous:
            yield f"entry {number} of the log ({entry.kind} {entry.subject}) does not follow from the one before"
        if hash_of(entry) != entry.hash:
            yield f"entry {entry.number} of the log ({entry.kind} {entry.subject}) was changed"
        number, previous = entry.number, entry.hash


def check(database: Database) -> list[str]:
    """Compare the whole log and every row that decides scores: one sentence for each that was changed, removed or added. Empty is good."""
    with database.reading() as session:
        found, told = list(breaks(entries(session))), _told(session)
        for kind in seals.NAMES:
            for row in session.scalars(sql.select(kind).execution_options(yield_per=AT_ONCE)):
                subject = seals.subject(row)
                expected = told.pop(subject, None)
                if expected is None:
                    found.append(f"{subject} is in the database, and the log knows nothing of it")
                elif expected != seals.seal(row):
                    found.append(f"{subject} is not what the log says: it was changed")
                session.expunge(row)
    return found + [f"{subject} is in the log, and was removed from the database" for subject in told]


def _told(session: orm.Session) -> dict[str, str]:
    """The last SHA-256 that the log gives each row."""
    found = {}
    for subject, content in session.execute(sql.select(LogEntry.subject, LogEntry.content).order_by(LogEntry.number)):
        sealed = json.loads(content).get("sha256") if subject.partition(":")[0] in _TABLES else None
        if sealed is not None:
            found[subject] = sealed
    return found


_TABLES = {kind.__tablename__ for kind in seals.NAMES}
