"""A process beside the service: it lets workers judge what comes in, and computes tables anew when something has been played."""

import logging
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from multiprocessing import parent_process
from pathlib import Path

import sqlalchemy as sql

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import LOCAL, REVEALED, EvalPlan, Match, Season
from avatarium.leaderboards.queue.executors import local
from avatarium.leaderboards.queue.executors.serving import Workplace, tell
from avatarium.leaderboards.service import secrecy
from avatarium.leaderboards.standings import snapshots
from avatarium.worlds.core.errors import UserError

LOG = logging.getLogger(__name__)
LOOK_S = 5.0
"""Between looks at what has been played."""

Mark = tuple[object, ...]


def keep(place: Workplace, secrets: Path, workers: int) -> None:
    """Work with so many processes, and keep the tables, until SIGTERM or SIGINT, or until the service is gone."""
    threading.Thread(target=_outlive, daemon=True).start()
    tables = Tables(place.board, secrets)
    if workers:
        local.run(place, workers, tables.tick)
        return
    with local.asked() as stop:
        while not stop.times:
            tables.tick([])
            time.sleep(local.TICK_S)


def _outlive() -> None:
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


@dataclass
class Tables:
    """Keeps the tables of all seasons that are not over."""

    board: str
    secrets: Path
    _seen: dict[tuple[str, str], Mark] = field(default_factory=dict)
    _due: float = 0.0

    def tick(self, happened: list[str]) -> None:
        """Tell what has happened to workers; compute anew, now and then, what tables have changed. Troubles are told, and gone over."""
        for sentence in happened:
            tell(sentence)
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + LOOK_S
        try:
            self.refresh()
        except UserError as trouble:
            tell(str(trouble))
        except Exception:  # workers go on judging, whatever becomes of tables
            LOG.exception("the tables were not computed")

    def refresh(self) -> None:
        """Compute the tables of each track in which something has changed since it was last looked at."""
        with Database(self.board) as database:
            for (season, track), mark in self._marks(database).items():
                if self._seen.get((season, track)) != mark:
                    self._compute(database, season, track)
                    self._seen[season, track] = mark

    def _marks(self, database: Database) -> dict[tuple[str, str], Mark]:
        """What changes when something has been played or decided, by season and track."""
        with database.reading() as session:
            plan = EvalPlan
            query = sql.select(plan.season, plan.track, plan.state, sql.func.count(), sql.func.max(plan.finished))
            query = query.join(Season, Season.name == plan.season).where(Season.state != REVEALED, Season.name != LOCAL)
            rows = session.execute(query.group_by(plan.season, plan.track, plan.state).order_by(plan.state)).all()
            games = dict(session.execute(sql.select(Match.season, sql.func.count()).group_by(Match.season)).all())
        found: dict[tuple[str, str], Mark] = {}
        for season, track, *rest in rows:
            found[season, track] = (*found.get((season, track), (games.get(season, 0),)), *rest)
        return found

    def _compute(self, database: Database, season: str, track: str) -> None:
        with database.reading() as session:
            secret = secrecy.secret(session.get_one(Season, season), self.secrets)
        if secret is not None or secrecy.is_open(track, ""):
            snapshots.refresh(database, season, track, secret or "")
