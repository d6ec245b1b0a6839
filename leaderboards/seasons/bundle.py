"""The bundle of a season: one zip with everything that its tables follow from, for anybody to keep and to check without asking anybody.

Rows as JSON lines, one file for each table; ``season.json``; the log; tables; submissions; transcripts; and ``SHA256SUMS`` over all of it.
Equal contents give equal bytes.
"""

import hashlib
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import log, seals
from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import (
    REVEALED,
    TRACKS,
    Account,
    Anchor,
    Base,
    Episode,
    EvalPlan,
    LogEntry,
    Match,
    Season,
    Submission,
    WorldVersion,
)
from avatarium.leaderboards.seasons.definition import canonical, from_json
from avatarium.leaderboards.standings import snapshots
from avatarium.worlds.core.errors import UserError

SUMS, LOG = "SHA256SUMS", "log.jsonl"
EPOCH = (1980, 1, 1, 0, 0, 0)
ROWS: dict[str, type[Base]] = {
    "season.jsonl": Season,
    "worlds.jsonl": WorldVersion,
    "anchors.jsonl": Anchor,
    "submissions.jsonl": Submission,
    "plans.jsonl": EvalPlan,
    "episodes.jsonl": Episode,
    "matches.jsonl": Match,
}
"""Which table is in which file."""
FORGOTTEN = ("job",)
"""Columns that point to rows which are nobody else's business."""
ACCOUNTS = "accounts.jsonl"
NOBODY = {"daily_limit": 0, "disabled": True, "created": 0.0}
"""What a bundle does not tell of an account; it tells the name, which is on the tables."""
ALL = -1


def write(database: Database, artefacts: Artefacts, season: str, path: Path, transcripts: int = ALL) -> Path:
    """Write the bundle of a season whose secret has been revealed, with ``transcripts`` for each submission and scenario, or all of them.

    Raises UserError before the secret is out: transcripts and log tell the seeds.
    """
    with database.reading() as session:
        row = session.get(Season, season)
        if row is None or row.state != REVEALED:
            state = "is not known" if row is None else f"is {row.state}"
            raise UserError(f"season {season} {state}: its bundle is written when its secret has been revealed (`avatarium season reveal`)")
        beside = path.with_name(f".{path.name}.part")
        sums: dict[str, str] = {}
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _members(session, artefacts, row, transcripts):
                _put(archive, name, content)
                sums[name] = hashlib.sha256(content).hexdigest()
            _put(archive, SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode())
    beside.replace(path)
    return path


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    packed = name.endswith((".zip", ".avt"))
    archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_STORED if packed else zipfile.ZIP_LZMA)


def _members(session: orm.Session, artefacts: Artefacts, season: Season, transcripts: int) -> Iterator[tuple[str, bytes]]:
    chosen = rows(session, season)
    yield "season.json", (json.dumps(season.definition, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    accounts = session.scalars(sql.select(Account).order_by(Account.id))
    owners = {one.account for one in chosen["submissions.jsonl"] if isinstance(one, Submission)}
    yield ACCOUNTS, "".join(f"{canonical({'id': a.id, 'name': a.name})}\n" for a in accounts if a.id in owners).encode()
    for name, found in chosen.items():
        yield name, "".join(f"{canonical(as_json(one))}\n" for one in found).encode()
    yield LOG, "".join(f"{line}\n" for line in log.lines(session)).encode()
    for track in TRACKS:
        for table in computed(session, season, track):
            yield table_name(track, table), table_bytes(table)
    for digest in sorted({one.artefact for one in chosen["submissions.jsonl"] if isinstance(one, Submission) and one.artefact}):
        yield f"submissions/{digest}.zip", artefacts.read(digest)
    for digest in _transcripts(chosen, transcripts):
        yield f"transcripts/{digest}.avt", artefacts.read(digest)


def rows(session: orm.Session, season: Season) -> dict[str, list[Base]]:
    """The rows that a season's tables follow from, by the file that they are in, in an order that depends on nothing but themselves."""
    part = [(one.world, one.version) for one in from_json(season.definition).parts]
    plans = list(session.scalars(sql.select(EvalPlan).filter_by(season=season.name)))
    keys = {plan.submission for plan in plans}
    submissions = [one for one in session.scalars(sql.select(Submission)) if one.key in keys]
    scenarios = {scenario["key"] for one in season.definition["parts"] for scenario in one["scenarios"]}
    episodes = [e for e in session.scalars(sql.select(Episode)) if e.submission in keys and e.scenario in scenarios]
    found: dict[str, Sequence[Base]] = {
        "season.jsonl": [season],
        "worlds.jsonl": [w for w in session.scalars(sql.select(WorldVersion)) if (w.world, w.version) in part],
        "anchors.jsonl": list(session.scalars(sql.select(Anchor).filter_by(season=season.name))),
        "submissions.jsonl": submissions,
        "plans.jsonl": plans,
        "episodes.jsonl": episodes,
        "matches.jsonl": list(session.scalars(sql.select(Match).filter_by(season=season.name))),
    }
    return {name: sorted(some, key=seals.subject) for name, some in found.items()}


def as_json(row: Base) -> dict[str, Any]:
    """The columns of a row, but for those that point to what is not in the bundle."""
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs if column.key not in FORGOTTEN}


def computed(session: orm.Session, season: Season, track: str) -> list[snapshots.Table]:
    """The tables of a track, as they follow from what is stored now; none where nobody played in it."""
    definition, secret = from_json(season.definition), season.secret or ""
    return list(snapshots.evaluate(definition, track, secret, snapshots.evidence(session, definition, track, secret)))


def table_name(track: str, table: snapshots.Table) -> str:
    """The file of a table: ``tables/ranked/suite.json``, ``tables/ranked/wayfinding-walker.json``."""
    stem = "suite" if not table.world else f"{table.world.replace(':', '.')}-{table.role}"
    return f"tables/{track}/{stem}.json"


def table_bytes(table: snapshots.Table) -> bytes:
    """A table as everybody writes it."""
    return (json.dumps(table.content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _transcripts(chosen: dict[str, list[Base]], most: int) -> list[str]:
    """Which transcripts go along: the first so many of each submission in each scenario, by digest, so that nobody picks them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in chosen["episodes.jsonl"]:
        if isinstance(one, Episode) and one.artefact:
            groups.setdefault((one.submission, one.scenario), []).append(one.artefact)
    return sorted({digest for some in groups.values() for digest in (sorted(some) if most == ALL else sorted(some)[:most])})


class Bundle:
    """A bundle that is open for reading. Use as a context manager. Raises UserError when it is none, or damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UserError(f"{path} cannot be read as the bundle of a season ({error}): download it again") from None
        self.names = self._archive.namelist()
        if SUMS not in self.names or "season.json" not in self.names:
            raise UserError(f"{path} is no bundle of a season: it lacks {SUMS} or season.json")

    def __enter__(self) -> "Bundle":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def read(self, name: str) -> bytes:
        """One member. Raises UserError when it is missing or damaged."""
        try:
            return self._archive.read(name)
        except (KeyError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, OSError, EOFError) as error:
            raise UserError(f"{name} in {self.path} cannot be read ({error}): download the bundle again") from None

    def sums(self) -> dict[str, str]:
        """What ``SHA256SUMS`` says of each member."""
        return {name: digest for digest, _, name in (line.partition("  ") for line in self.read(SUMS).decode().splitlines())}

    def load(self, path: Path) -> Database:
        """Everything in a database of one's own, as it was in the organisers'."""
        database = Database(path)
        with database.session() as session:
            session.execute(sql.text("PRAGMA defer_foreign_keys = ON"))
            _insert(session, Account, ({**line, **NOBODY} for line in self._lines(ACCOUNTS)))
            for name, kind in ROWS.items():
                _insert(session, kind, self._lines(name))
            _insert(session, LogEntry, self._lines(LOG))
        return database

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        for line in self.read(name).decode().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                raise UserError(f"{name} in {self.path} is damaged: download the bundle again") from None


def _insert(session: orm.Session, kind: type[Base], lines: Iterable[dict[str, Any]]) -> None:
    known = {column.key for column in kind.__mapper__.column_attrs}
    found = []
    for line in lines:
        if set(line) - known:
            raise UserError(f"the bundle was written by a newer Avatarium: {kind.__tablename__} has {', '.join(sorted(set(line) - known))}")
        found.append({name: line.get(name) for name in known})
    if found:
        session.execute(sql.insert(kind), found)


def artefacts_of(bundle: Bundle, folder: str, suffix: str) -> list[str]:
    """The SHA-256 of the files in one folder of a bundle.

    >>> class Told: names = ["season.json", "transcripts/abc.avt"]
    >>> artefacts_of(Told(), "transcripts", ".avt")
    ['abc']
    """
    return [name.removeprefix(f"{folder}/").removesuffix(suffix) for name in bundle.names if name.startswith(f"{folder}/")]
