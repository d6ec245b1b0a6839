"""What of a season can be taken away and checked: digests while it is played, the whole bundle once it is revealed."""

import json
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import Episode, EvalPlan, Job, Match

AT_ONCE = 500
TRANSCRIPTS = 1
"""Of each submission and scenario that go along; all others can be had one by one."""
EPISODE = ("submission", "scenario", "partner", "digest", "artefact", "fault")
MATCH = ("world", "scenario", "first", "second", "outcome", "digest", "artefact")


class Bundles:
    """Bundles of revealed seasons, each written when it is first asked for; a revealed season does not change any more."""

    def __init__(self, database: Database, artefacts: Artefacts) -> None:
        self._database, self._artefacts = database, artefacts
        self._folder, self._one = tempfile.TemporaryDirectory(prefix="avatarium-"), threading.Lock()

    def path(self, season: str) -> Path:
        """The zip of a season. Raises UserError where it cannot be written."""
        from avatarium.leaderboards.seasons import bundle

        path = Path(self._folder.name) / f"{''.join(c if c.isalnum() or c in '-_' else '-' for c in season)}.zip"
        with self._one:
            return path if path.is_file() else bundle.write(self._database, self._artefacts, season, path, TRANSCRIPTS)

    def close(self) -> None:
        """Remove what was written."""
        self._folder.cleanup()


def digests(database: Database, season: str) -> Iterator[str]:
    """JSON lines that commit to what was played, and tell no seed."""
    with database.reading() as session:
        for kind, columns in ((Episode, EPISODE), (Match, MATCH)):
            query: Any = sql.select(kind, EvalPlan.track).join(Job, Job.id == kind.job).join(EvalPlan, EvalPlan.id == Job.plan)
            query = query.where(EvalPlan.season == season).order_by(kind.id).execution_options(yield_per=AT_ONCE)
            for row, track in session.execute(query):
                told = {"kind": kind.__tablename__, "track": track, **{name: getattr(row, name) for name in columns}}
                yield json.dumps(told, separators=(",", ":")) + "\n"
                session.expunge(row)
