"""The log as a list: hashes for everybody; contents belong to the season's bundle, once nothing in them is secret."""

from typing import Any

import sqlalchemy as sql
from sqlalchemy.orm import Session

from avatarium.leaderboards.database.models import LogEntry
from avatarium.leaderboards.service.reading import cursors, shapes

SEEDED = ("episode", "match")


def listed(session: Session, cursor: str | None, limit: int) -> shapes.Page[shapes.Event]:
    """Entries of the log in order, without their contents."""
    after = int(cursors.unpack(cursor, int)[0]) if cursor else -1
    wanted = [getattr(LogEntry, name) for name in shapes.Event.model_fields]
    query = sql.select(*wanted).where(LogEntry.number > after).order_by(LogEntry.number).limit(limit + 1)
    found = [_event(dict(zip(shapes.Event.model_fields, row, strict=True))) for row in session.execute(query)]
    return shapes.Page(items=found[:limit], next=cursors.pack(found[limit - 1].number) if len(found) > limit else None)


def _event(told: dict[str, Any]) -> shapes.Event:
    """Names of episodes and matches hold their seeds, which may be secret: of these only the beginning is told."""
    table, _, rest = told["subject"].partition(":")
    return shapes.Event(**(told | {"subject": f"{table}:{rest.partition(':')[0]}"} if table in SEEDED else told))


def head(session: Session) -> shapes.Event | None:
    """The newest entry: its hash stands for everything before it."""
    wanted = [getattr(LogEntry, name) for name in shapes.Event.model_fields]
    row = session.execute(sql.select(*wanted).order_by(LogEntry.number.desc()).limit(1)).first()
    return _event(dict(zip(shapes.Event.model_fields, row, strict=True))) if row else None
