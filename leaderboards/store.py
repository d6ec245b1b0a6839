"""Where results are kept: one SQLite file, and beside it the submissions and transcripts, named by their SHA-256."""

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm
from sqlalchemy.dialects import sqlite

from avatarium.leaderboards.episodes import Episode
from avatarium.worlds.core.errors import UserError

SCHEMA = 1
BUSY_S = 30.0
SCRATCH = ".scratch-"
Json = dict[str, Any]


class Base(orm.DeclarativeBase):
    """The tables."""

    type_annotation_map = {Json: sql.JSON}  # noqa: RUF012


class Submission(Base):
    """Somebody on the board: a submitted policy, or one of the world's own."""

    __tablename__ = "submission"
    key: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    """SHA-256 of manifest and graph; a world's own policies by name, world, version and role."""
    name: orm.Mapped[str]
    world: orm.Mapped[str] = orm.mapped_column(index=True)
    world_version: orm.Mapped[int]
    role: orm.Mapped[str]
    baseline: orm.Mapped[bool]
    manifest: orm.Mapped[Json]
    facts: orm.Mapped[Json]
    layers: orm.Mapped[Json]
    status: orm.Mapped[str]
    """checking, rejected, scoring, finished or failed."""
    sentence: orm.Mapped[str] = orm.mapped_column(default="")
    """Why, where the status needs a reason."""
    created: orm.Mapped[str]


class Record(Base):
    """One scored episode. Nothing is stored twice: submission, scenario and seed are the key."""

    __tablename__ = "episode"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    submission: orm.Mapped[str] = orm.mapped_column(sql.ForeignKey("submission.key"))
    scenario: orm.Mapped[str]
    """Digest of the scenario, which holds world, version and config."""
    scenario_name: orm.Mapped[str]
    seed: orm.Mapped[int] = orm.mapped_column(sql.BigInteger)
    steps: orm.Mapped[int]
    shares: orm.Mapped[Json]
    """Numerator and denominator of each metric."""
    digest: orm.Mapped[str]
    """Of the transcript's contents."""
    artefact: orm.Mapped[str]
    """SHA-256 of the transcript's file."""
    fault: orm.Mapped[str | None]
    layers: orm.Mapped[Json]
    created: orm.Mapped[str]
    __table_args__ = (sql.UniqueConstraint("submission", "scenario", "seed"),)


class Store:
    """A leaderboard on disk. Use as a context manager. Raises UserError where it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path, self.artefacts = path, path.parent / "artefacts"
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._engine = sql.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_S})
            sql.event.listen(self._engine, "connect", _prepare)
            self._open()
            self._sweep()

    def _open(self) -> None:
        with self._engine.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version not in (0, SCHEMA):
                raise UserError(
                    f"{self.path} was written by another version of Avatarium (schema {version}): choose another file with --board"
                )
            Base.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")

    def _sweep(self) -> None:
        """Remove what processes left behind that were killed."""
        for folder in self.artefacts.glob(f"{SCRATCH}*"):
            if not _alive(int(folder.name.removeprefix(SCRATCH))):
                shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what disks and databases say into what the user can do about it."""
        try:
            yield
        except sql.exc.DatabaseError as error:
            reason = str(error.orig)
            if "full" in reason:
                raise _full(self.path) from None
            if "not a database" in reason or "malformed" in reason or "no such" in reason:
                raise UserError(
                    f"{self.path} is damaged, or is no leaderboard: move it away, or choose another file with --board"
                ) from None
            raise UserError(f"the leaderboard {self.path} cannot be used ({reason}): choose another file with --board") from None
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _full(self.path) from None
            raise UserError(f"{error.filename or self.path} cannot be used ({error.strerror}): choose another file with --board") from None

    @contextlib.contextmanager
    def session(self) -> Iterator[orm.Session]:
        """A transaction: all of it is stored, or nothing."""
        with self._explained(), orm.Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def put(self, row: Submission) -> Submission:
        """Store a submission unless it is known; returns what is stored."""
        with self.session() as session:
            known = session.get(Submission, row.key)
            if known is None:
                session.add(row)
            return known or row

    def update(self, key: str, **values: Any) -> None:
        """Change columns of a submission."""
        with self.session() as session:
            session.execute(sql.update(Submission).where(Submission.key == key).values(**values))

    def submissions(self, world: str | None = None) -> list[Submission]:
        """All of a world, or all, in the order in which they came."""
        query = sql.select(Submission).order_by(Submission.created, Submission.key)
        with self.session() as session:
            return list(session.scalars(query if world is None else query.where(Submission.world == world)))

    def records(self, submission: str, scenarios: Sequence[str]) -> list[Record]:
        """The episodes of a submission in scenarios given by digest."""
        query = sql.select(Record).where(Record.submission == submission, Record.scenario.in_(scenarios))
        with self.session() as session:
            return list(session.scalars(query.order_by(Record.scenario_name, Record.seed)))

    def add(self, submission: str, scenario: tuple[str, str], layers: Json, episodes: Sequence[Episode]) -> None:
        """Store episodes, and their transcripts, in one go; those that are there already stay. ``scenario`` is digest and name."""
        rows = [
            {
                "submission": submission,
                "scenario": scenario[0],
                "scenario_name": scenario[1],
                "seed": e.seed,
                "steps": e.steps,
                "shares": {name: list(share) for name, share in e.shares.items()},
                "digest": e.digest,
                "artefact": self.keep(e.transcript) if e.transcript else "",
                "fault": e.fault,
                "layers": layers,
                "created": now(),
            }
            for e in episodes
        ]
        with self.session() as session:
            session.execute(sqlite.insert(Record).on_conflict_do_nothing(), rows)

    def keep(self, file: Path, key: str | None = None) -> str:
        """Move a file from ``scratch`` among the artefacts, under ``key`` or its SHA-256, which is returned."""
        with self._explained():
            digest = key or hashlib.sha256(file.read_bytes()).hexdigest()
            kept = self.artefact(digest, file.suffix)
            kept.parent.mkdir(parents=True, exist_ok=True)
            file.replace(kept)
        return digest

    def artefact(self, digest: str, suffix: str) -> Path:
        """Where the artefact with this SHA-256 lies."""
        return self.artefacts / digest[:2] / f"{digest}{suffix}"

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the same disk for files on their way to the artefacts; disk errors inside are explained."""
        folder = self.artefacts / f"{SCRATCH}{os.getpid()}"
        with self._explained():
            folder.mkdir(parents=True, exist_ok=True)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def now() -> str:
    """The present moment, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _prepare(connection: Any, _: Any) -> None:
    """Readers and one writer side by side, and nothing lost when the process dies."""
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True


def _full(path: Path) -> UserError:
    return UserError(f"the disk that holds {path.parent} is full: make room and give the same command again, what is done is kept")
