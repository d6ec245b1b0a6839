"""The database of a leaderboard: a SQLite file, or a PostgreSQL server once that is outgrown; transactions that are whole or not at all.

What a killed process may cost: the transaction that it was in. What a power cut may cost: the same, since every commit is synced to the
disk before it counts (``synchronous = FULL``; with NORMAL, SQLite would stay whole, but the last submissions that people were told are in
could be gone). PostgreSQL does the same unless its owner tells it otherwise.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import schema
from avatarium.leaderboards.database.trouble import UnavailableError, explained
from avatarium.worlds.core.errors import UserError, need

BUSY_S = 30.0
"""How long a writer waits for others."""
SERVER = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "options": "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s",
}
"""Of connections to PostgreSQL: whoever hangs within a transaction is cut off, so that nobody waits for it for ever."""
PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0
T = TypeVar("T")


class Database:
    """A leaderboard's database, given by the path of a SQLite file or by a URL. Use as a context manager, or call ``close``.

    A SQLite file is made and brought up to date as it is opened; PostgreSQL by ``avatarium database upgrade URL``, or ``upgrade=True``.
    Raises UserError where it cannot be used, and UnavailableError where it may answer later.
    """

    def __init__(self, where: str | Path, upgrade: bool = False) -> None:
        self.url = address(where)
        self.name = str(where) if self.url.drivername == "sqlite" else self.url.render_as_string(hide_password=True)
        self.sqlite = self.url.drivername == "sqlite"
        with explained(self.name):
            self._engine = _sqlite(self.url) if self.sqlite else _server(self.url)
            self._writing = self._engine.execution_options(writes=True)
            try:
                with self._writing.begin() as connection:
                    (schema.upgrade if self.sqlite or upgrade else schema.check)(connection, self.name)
            except BaseException:
                self.close()
                raise
        snapshot = {} if self.sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reading = self._engine.execution_options(**snapshot)

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def session(self) -> Iterator[orm.Session]:
        """A transaction that may write: all of it is stored, or nothing. On SQLite it is the only one that writes meanwhile."""
        with explained(self.name), orm.Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[orm.Session]:
        """A transaction that sees one state of everything, and keeps nobody from writing."""
        with explained(self.name), orm.Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    def insist(self, action: Callable[[orm.Session], T], patience_s: float = BUSY_S) -> T:
        """Run ``action`` in a transaction, again while the database is unavailable, for so many seconds; returns what it returns.

        Whether a commit came through cannot be known when the connection breaks in it, so ``action`` has to bear being repeated.
        """
        deadline, pause = time.monotonic() + patience_s, PAUSE_S
        while True:
            try:
                with self.session() as session:
                    return action(session)
            except UnavailableError:
                if time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def now(self, session: orm.Session) -> float:
        """The present moment, as ``now`` tells it."""
        return now(session)


def now(session: orm.Session) -> float:
    """Seconds since 1970 by the one clock that all who use a database share: the server's, or for a file this machine's."""
    if session.get_bind().dialect.name == "sqlite":
        return time.time()
    return float(session.scalar(sql.text("SELECT extract(epoch FROM clock_timestamp())::float8")) or 0.0)


def address(where: str | Path) -> sql.URL:
    """What SQLAlchemy calls a database: a path is a SQLite file. Raises UserError for other kinds of databases."""
    if isinstance(where, Path) or "://" not in where:
        return sql.URL.create("sqlite", database=str(where))
    try:
        url = sql.make_url(where)
    except (sql.exc.ArgumentError, ValueError):
        raise UserError(f"{where!r} is no address of a database: give a file, or postgresql://USER@HOST/NAME") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise UserError(f"{url.drivername} is no database for a leaderboard: give a file, or postgresql://USER@HOST/NAME")
    return url


def _sqlite(url: sql.URL) -> sql.Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sql.create_engine(url, connect_args={"timeout": BUSY_S})
    sql.event.listen(engine, "connect", _prepare)
    sql.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver would begin transactions by itself, too late and without IMMEDIATE
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    deadline = time.monotonic() + BUSY_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":  # SQLite does not wait by itself where many open a new file
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)


def _begin(connection: sql.Connection) -> None:
    """A writer takes its turn at once: one that had read first could be refused as it begins to write."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _server(url: sql.URL) -> sql.Engine:
    need("psycopg", extra="leaderboards")
    return sql.create_engine(url, pool_pre_ping=True, connect_args=SERVER)
