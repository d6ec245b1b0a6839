"""Replays for browsers: a transcript becomes a parcel when it is first asked for, one at a time, and is kept for a while."""

import tempfile
import threading
from pathlib import Path

from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.service.reading.memory import Recent

KEPT = 128
"""Parcels in memory; one takes some 100 kB."""


class Parcels:
    """Parcels by the SHA-256 of their transcript's file."""

    def __init__(self, artefacts: Artefacts) -> None:
        self._artefacts, self._kept, self._one = artefacts, Recent[str, bytes](KEPT), threading.Lock()

    def parcel(self, artefact: str) -> bytes:
        """The data that the player of ``render/web`` shows. Raises UserError when the transcript is missing or cannot be played again."""
        with self._one:  # playing again keeps a core busy for seconds
            return self._kept.get(artefact, lambda: self._make(artefact))

    def _make(self, artefact: str) -> bytes:
        from avatarium.render.web import replay
        from avatarium.worlds.core.transcript import Transcript

        with tempfile.TemporaryDirectory(prefix="avatarium-") as folder:
            return replay.parcel(Transcript.open(self._artefacts.fetch(artefact, Path(folder))))
