"""How a submission generalises and what it bears, as ``standings`` computes it; computed once per set of episodes, and kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import Episode, Season
from avatarium.leaderboards.database.trouble import UnavailableError
from avatarium.leaderboards.service.reading.memory import Recent
from avatarium.worlds.core.errors import UserError

Json = dict[str, Any]
KEPT = 256


@dataclass(frozen=True)
class View:
    """A generalisation table and robustness curves, as ``standings.policy`` writes them; where there are none, why."""

    general: Json
    curves: list[Json]
    sentence: str = ""


NOTHING: Json = {"axes": [], "metrics": [], "cells": [], "margins": []}


class Views:
    """Views of submissions in a track of a season. ``secret`` tells the secret of a season where it is at hand."""

    def __init__(self, database: Database, secret: Callable[[Season], str | None]) -> None:
        self._database, self._secret = database, secret
        self._kept: Recent[tuple[str, str, str, int], View] = Recent(KEPT)

    def view(self, key: str, season: str, track: str) -> View:
        """The view of a submission."""
        with self._database.reading() as session:
            episodes = session.scalar(sql.select(sql.func.count(Episode.id)).where(Episode.submission == key)) or 0
        return self._kept.get((key, season, track, episodes), lambda: self._compute(key, season, track))

    def _compute(self, key: str, season: str, track: str) -> View:
        from avatarium.leaderboards.standings import policy

        with self._database.reading() as session:
            secret = self._secret(session.get_one(Season, season)) or ""
        try:
            about = (self._database, key, season, track, secret)
            return View(policy.generalisation(*about), policy.curves(*about))
        except UnavailableError:
            raise
        except UserError as lack:  # such as another version of the world than the season is about
            return View(NOTHING, [], str(lack))
