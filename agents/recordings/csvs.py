"""Tables of places: ``user_id,timestamp,x,y`` with a line per user and moment, in m and s or in dates (ISO 8601)."""

import csv
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from avatarium.agents.recordings.recording import Recording, checked
from avatarium.worlds.core.errors import UserError

COLUMNS = ("user_id", "timestamp", "x", "y")
PAUSE_S = 600.0
"""Whoever is not seen for longer begins another session."""


def read(path: Path) -> list[Recording]:
    """A recording per user and session, in the order in which they appear. Raises UserError, with the line, for other files."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    dated = False
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        lines = csv.reader(file)
        try:
            if tuple(word.strip() for word in next(lines, [])) != COLUMNS:
                raise UserError(f"{path} is no table of places: its first line has to be {','.join(COLUMNS)}")
            for row in lines:
                if row:
                    user, *numbers, date = _row(row, f"{path}, line {lines.line_num}")
                    rows.setdefault(user, []).append((numbers[0], numbers[1], numbers[2]))
                    dated |= date
        except csv.Error as fault:
            raise UserError(f"{path}, line {lines.line_num}: {fault}") from fault
    if not rows:
        raise UserError(f"{path} holds no places")
    return [one for user, told in rows.items() for one in _sessions(path, user, np.array(told), dated)]


def _row(row: list[str], where: str) -> tuple[str, float, float, float, bool]:
    """User, time (s), x, y (m) of a line, and whether its time is a date."""
    if len(row) != len(COLUMNS):
        raise UserError(f"{where}: {len(row)} values stand there, not {len(COLUMNS)}")
    user, when, x, y = (word.strip() for word in row)
    try:
        found, date = float(when), False
    except ValueError:
        try:
            told = datetime.fromisoformat(when)
        except ValueError:
            raise UserError(f"{where}: {when[:40]!r} is neither a number of seconds nor a date") from None
        found, date = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp(), True
    try:
        numbers = float(x), float(y)
    except ValueError:
        raise UserError(f"{where}: {x[:40]!r}, {y[:40]!r} is no place") from None
    if not all(map(math.isfinite, (found, *numbers))):
        raise UserError(f"{where}: every number has to be finite")
    return user, found, *numbers, date


def _sessions(path: Path, user: str, told: np.ndarray, dated: bool) -> list[Recording]:
    """What one user did, float64 [T, 3] in any order, cut where nothing was seen of them for a while."""
    told = told[np.argsort(told[:, 0], kind="stable")]
    told = told[np.concatenate([[True], np.diff(told[:, 0]) > 0])]  # of moments that are there twice the first counts
    parts = np.split(told, np.flatnonzero(np.diff(told[:, 0]) > PAUSE_S) + 1)
    return [
        checked(
            Recording(
                subject=user,
                session=f"{path.stem}/{number}",
                time=part[:, 0] - part[0, 0],
                x=part[:, 1],
                y=part[:, 2],
                began_ms=int(1000 * part[0, 0]) if dated else None,
            ),
            str(path),
        )
        for number, part in enumerate(parts)
    ]
