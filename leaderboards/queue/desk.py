"""What a worker has at hand from job to job: the database, the files, and the policies that it played last, in their sandboxes."""

import tempfile
from collections import OrderedDict
from pathlib import Path

from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import Submission
from avatarium.leaderboards.entrants import Entrant, Named, Submitted

KEPT = 2
"""Policies whose processes stay, since plans take turns."""


class Desk:
    """Where a worker works. Call ``close`` when done."""

    def __init__(self, database: Database, artefacts: Artefacts) -> None:
        self.database, self.artefacts = database, artefacts
        self._entrants: OrderedDict[str, Entrant] = OrderedDict()
        self._copies: tempfile.TemporaryDirectory[str] | None = None

    def entrant(self, one: Submission) -> Entrant:
        """Who is judged, ready to play. Raises UserError when its file is missing or damaged."""
        if one.key not in self._entrants:
            self._entrants[one.key] = Named(one.policy) if one.baseline else Submitted(self._file(one.artefact))
        self._entrants.move_to_end(one.key)
        while len(self._entrants) > KEPT:
            self._entrants.popitem(last=False)[1].close()
        return self._entrants[one.key]

    def forget(self, key: str) -> None:
        """End a policy's process; the next job of it begins with a new one."""
        if known := self._entrants.pop(key, None):
            known.close()

    def close(self) -> None:
        """End all processes of policies."""
        for key in list(self._entrants):
            self.forget(key)
        if self._copies:
            self._copies.cleanup()

    def _file(self, artefact: str) -> Path:
        if self.artefacts.folder is None and self._copies is None:
            self._copies = tempfile.TemporaryDirectory(prefix="avatarium-")
        return self.artefacts.fetch(artefact, Path(self._copies.name if self._copies else self.artefacts.root))
