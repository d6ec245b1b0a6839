"""What decides scores: which columns of which rows, what such a row is called in the log, and its SHA-256."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from avatarium.leaderboards.database.models import Anchor, Base, Episode, EvalPlan, Match, Season, Submission, WorldVersion

NAMES: dict[type[Base], tuple[str, ...]] = {
    Season: ("name",),
    WorldVersion: ("world", "version"),
    Anchor: ("season", "world", "role", "scenario", "metric"),
    Submission: ("key",),
    EvalPlan: ("submission", "season", "track"),
    Episode: ("submission", "scenario", "seed", "partner"),
    Match: ("scenario", "seed", "first", "second"),
}
"""The tables whose rows decide scores, and the columns by which a row is told from the others."""
FREE: dict[type[Base], tuple[str, ...]] = {
    Submission: ("facts", "layers", "name", "author"),
    EvalPlan: ("id", "finished", "sentence"),
    Episode: ("id", "job", "created", "layers"),
    Match: ("id", "job", "created"),
    Anchor: ("id",),
    Season: ("title",),
}
"""Columns that may change without a word in the log, since no score follows from them."""


def subject(row: Base) -> str:
    """What a row is called in the log: its table, and what tells it from others."""
    return ":".join([row.__tablename__, *(str(getattr(row, name)) for name in NAMES[type(row)])])


def seal(row: Base) -> str:
    """SHA-256 of the columns of a row that decide scores."""
    free = FREE.get(type(row), ())
    told = {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs if column.key not in free}
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def canonical(content: Any) -> str:
    """JSON that is the same for the same content, whatever it was before: a tuple, a row, or read from a database."""
    return json.dumps(json.loads(json.dumps(content)), sort_keys=True, separators=(",", ":"))


def digest(parts: Iterable[Any]) -> str:
    """SHA-256 of some values that JSON can hold; the key of what they describe."""
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()
