"""A training run seen from outside: its curve, and the episodes that it records when somebody watches."""

import json
import time
from pathlib import Path

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript

HISTORY, LAST, CARD = "history.jsonl", "replay.avt", "card.md"
ASK_S = 5.0
"""Seconds after which a run is told again that somebody watches."""


class Run:
    """The folder of a training run. Raises UserError when it is none."""

    def __init__(self, folder: Path) -> None:
        if not (folder / HISTORY).is_file() and not (folder / "checkpoints").is_dir():
            raise UserError(f"{folder} is no training run: name the folder that avatarium train writes to (its --out)")
        self.folder = folder
        self._asked, self._stamp = 0.0, (0, 0)
        self._points: list[dict[str, float]] = []

    @property
    def ended(self) -> bool:
        """Whether training is over: then the run's card is newer than its curve."""
        card, history = self.folder / CARD, self.folder / HISTORY
        return card.is_file() and (not history.is_file() or card.stat().st_mtime >= history.stat().st_mtime)

    @property
    def iteration(self) -> int:
        """Updates that training has made."""
        points = self.points()
        return int(points[-1].get("iteration", 0)) if points else 0

    def ask(self) -> None:
        """Let the run know, every few seconds, that an episode is wanted. Raises UserError when its folder cannot be written."""
        now = time.monotonic()
        if self._asked and now - self._asked < ASK_S:
            return
        self._asked = now
        try:
            (self.folder / "live").mkdir(exist_ok=True)
            (self.folder / "live" / "wanted").touch()
        except OSError as fault:
            raise UserError(f"{self.folder} cannot be asked for episodes ({fault.strerror or fault}): it has to be writable") from fault

    def newest(self, after: int = -1) -> tuple[int, Transcript] | None:
        """The newest whole episode of a later iteration than ``after``, with its iteration; None while there is none."""
        found = [(int(path.stem), path) for path in (self.folder / "live").glob("*.avt") if path.stem.isdigit()]
        for iteration, path in sorted(found, reverse=True):
            if iteration <= after:
                return None
            try:
                transcript = Transcript.open(path)
            except UserError:  # it is being written, or was cleared away
                continue
            if transcript.complete:
                return iteration, transcript
        return None

    def last(self) -> Transcript | None:
        """The episode that a finished run keeps; None where it keeps none."""
        path = self.folder / LAST
        return Transcript.open(path) if path.is_file() else None

    def points(self) -> list[dict[str, float]]:
        """What every update brought, oldest first; a line that is being written is left out."""
        try:
            state = (self.folder / HISTORY).stat()
        except OSError:
            return self._points
        if self._stamp != (state.st_mtime_ns, state.st_size):
            self._stamp = (state.st_mtime_ns, state.st_size)
            self._points = list(_points((self.folder / HISTORY).read_text(encoding="utf-8")))
        return self._points


def _points(text: str) -> list[dict[str, float]]:
    points = []
    for line in text.splitlines():
        try:
            points.append({name: float(value) for name, value in json.loads(line).items() if isinstance(value, int | float)})
        except (ValueError, AttributeError):
            break
    return points
