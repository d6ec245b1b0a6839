"""What every request finds: settings, database, artefacts, and what is kept in memory."""

from pathlib import Path
from typing import Any

from fastapi import Request

from avatarium.leaderboards.database import artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import Season
from avatarium.leaderboards.service import secrecy
from avatarium.leaderboards.service.bundles import Bundles
from avatarium.leaderboards.service.limits import Limits
from avatarium.leaderboards.service.parcels import Parcels
from avatarium.leaderboards.service.reading.memory import Recent
from avatarium.leaderboards.service.reading.views import Views
from avatarium.leaderboards.service.settings import Settings

TABLES_KEPT = 64


class Hall:
    """The state of one service; opened with the app, closed with it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.board)
        self.artefacts = artefacts.beside(settings.board, settings.artefacts)
        self.limits = Limits(self.database)
        self.parcels = Parcels(self.artefacts)
        self.bundles = Bundles(self.database, self.artefacts)
        self.views = Views(self.database, self.secret)
        self.tables: Recent[int, dict[str, Any]] = Recent(TABLES_KEPT)
        """Tables by their snapshot, which never changes."""

    def secret(self, season: Season) -> str | None:
        """From which the ranked seeds of a season follow, where its file is at hand. Raises UserError when it is another one."""
        return secrecy.secret(season, Path(self.settings.secrets))

    def close(self) -> None:
        """Let go of the database and of what lies on the disk for a while."""
        self.bundles.close()
        self.database.close()


def hall(request: Request) -> Hall:
    """The hall of the app that a request came to."""
    found: Hall = request.app.state.hall
    return found
