"""Tables: the newest snapshot of each, as ``standings`` has computed it. Nothing is computed here."""

from typing import Any

import sqlalchemy as sql
from sqlalchemy.orm import Session

from avatarium.leaderboards.database.models import RatingSnapshot
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.reading import shapes, standing
from avatarium.leaderboards.service.reading.memory import Recent

Json = dict[str, Any]


def listed(session: Session, season: str) -> list[shapes.TableName]:
    """The newest snapshots of a season's tables: the suite's first, then world by world."""
    newest = sql.select(sql.func.max(RatingSnapshot.id)).where(RatingSnapshot.season == season)
    newest = newest.group_by(RatingSnapshot.track, RatingSnapshot.world, RatingSnapshot.role)
    wanted = [getattr(RatingSnapshot, "id" if name == "snapshot" else name) for name in shapes.TableName.model_fields]
    query = sql.select(*wanted).where(RatingSnapshot.id.in_(newest))
    query = query.order_by(RatingSnapshot.track.desc(), RatingSnapshot.world, RatingSnapshot.role)
    return [shapes.TableName(**dict(zip(shapes.TableName.model_fields, row, strict=True))) for row in session.execute(query)]


def newest(session: Session, season: str, track: str, world: str = "", role: str | None = None) -> int:
    """The number of the newest snapshot of a table; without ``role`` of whichever role has the newest. Raises ProblemError 404."""
    query = sql.select(sql.func.max(RatingSnapshot.id))
    query = query.where(RatingSnapshot.season == season, RatingSnapshot.track == track, RatingSnapshot.world == world)
    found = session.scalar(query if role is None else query.where(RatingSnapshot.role == role))
    if found is None:
        of = f"{world} " if world else ""
        raise ProblemError(404, f"season {season!r} has no {of}table of the track {track[:40]!r} yet: nobody has been ranked there")
    return int(found)


def table(session: Session, kept: Recent[int, Json], snapshot: int) -> Json:
    """The table of a snapshot."""

    def read() -> Json:
        found: Json | None = session.scalar(sql.select(RatingSnapshot.table).where(RatingSnapshot.id == snapshot))
        if found is None:
            raise ProblemError(404, f"there is no snapshot {snapshot}")
        return found

    return kept.get(snapshot, read)


def lines_of(session: Session, kept: Recent[int, Json], key: str) -> list[tuple[Json, Json]]:
    """The newest tables in which a submission is ranked, each with its line there: a submission's scores."""
    newest = sql.select(sql.func.max(RatingSnapshot.id)).group_by(
        RatingSnapshot.season, RatingSnapshot.track, RatingSnapshot.world, RatingSnapshot.role
    )
    found = []
    for number in session.scalars(newest).all():
        one = table(session, kept, number)
        found += [(one, row) for row in one["rows"] if key in row["submissions"]]
    return found


class Scores(shapes.Shape):
    """A submission's line in a table."""

    season: str
    track: str
    world: str
    role: str
    row: standing.Row


def scores(table: Json, row: Json) -> Scores:
    """A line with the table that it is in."""
    where = {name: table[name] for name in ("season", "track", "world", "role")}
    return Scores(**where, row=standing.Row.model_validate(row))
