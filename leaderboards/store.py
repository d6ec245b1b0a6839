"""A leaderboard: its database, its files, and the season "local", for any world and as many episodes as its owner likes."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards.database import artefacts, log, seals
from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.database.models import LOCAL, OPEN, Episode, Season, Submission


class Store:
    """A leaderboard, given by a file or the URL of a database, and where its files are. Use as a context manager. Raises UserError."""

    def __init__(self, board: str | Path, files: str | Path | None = None) -> None:
        self.artefacts = artefacts.beside(board, files)
        self.database = Database(board)
        self.artefacts.sweep()
        self._open_local()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def submissions(self, world: str | None = None) -> list[Submission]:
        """All of a world, given by its address, or all, in the order in which they came."""
        query = sql.select(Submission).order_by(Submission.created, Submission.key)
        with self.database.reading() as session:
            return list(session.scalars(query if world is None else query.where(Submission.world == world)))

    def submission(self, key: str) -> Submission:
        """One of them."""
        with self.database.reading() as session:
            return session.get_one(Submission, key)

    def records(self, submission: str, scenarios: Sequence[str]) -> list[Episode]:
        """The episodes that a submission has played alone, in scenarios given by their key."""
        query = sql.select(Episode).where(Episode.submission == submission, Episode.scenario.in_(scenarios), Episode.partner == "")
        with self.database.reading() as session:
            return list(session.scalars(query.order_by(Episode.scenario_name, Episode.seed)))

    def _open_local(self) -> None:
        with self.database.reading() as session:
            known = session.get(Season, LOCAL) is not None
        if not known:
            self.database.insist(_local)


def _local(session: orm.Session) -> None:
    log.wait_turn(session)
    if session.get(Season, LOCAL) is None:
        moment, ruleset = now(session), seals.digest([LOCAL])
        season = Season(name=LOCAL, title="Local board", state=OPEN, definition={}, ruleset=ruleset, commitment="", created=moment)
        session.add(season)
        log.record(session, "season opened", season)
