"""Which season and table a page is about, and the others that can be chosen."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from avatarium.leaderboards.database.models import OPEN
from avatarium.leaderboards.service.hall import Hall
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.reading import seasons, shapes, tables


@dataclass(frozen=True)
class Choice:
    """A table of a season among its tables; without one where nobody has been ranked yet."""

    season: shapes.SeasonSummary
    tables: list[shapes.TableName]
    chosen: shapes.TableName | None

    @property
    def tracks(self) -> list[str]:
        """The tracks that have tables."""
        return list(dict.fromkeys(t.track for t in self.tables))

    @property
    def worlds(self) -> list[tuple[str, str]]:
        """The worlds and roles that the chosen track has tables of; ("", …) is the one over all of them."""
        track = self.chosen.track if self.chosen else ""
        return [(t.world, t.role) for t in self.tables if t.track == track]

    def roles(self, world: str) -> int:
        """How many roles of a world have tables."""
        return sum(w == world for w, _ in self.worlds)


def current(session: Session) -> shapes.SeasonSummary | None:
    """The season that a visitor most likely comes for: the newest that is open, else the newest."""
    found = seasons.listed(session)
    return next((s for s in found if s.state == OPEN), found[0] if found else None)


def choose(session: Session, season: shapes.SeasonSummary, query: dict[str, str]) -> Choice:
    """The table that a page's parameters name. Raises ProblemError 404 for one that there is not."""
    listed = tables.listed(session, season.name)
    wanted = {name: query[name] for name in ("track", "world", "role") if name in query}
    usual = [t for t in listed if all(getattr(t, name) == value for name, value in wanted.items())]
    if wanted and listed and not usual:
        named = " ".join(f"{name} {value[:60]!r}" for name, value in wanted.items())
        raise ProblemError(404, f"season {season.name!r} has no table of {named}: choose one of its tables")
    return Choice(season, listed, usual[0] if usual else None)


def read(request: Request, here: Hall, session: Session, season: str | None) -> tuple[Choice, dict[str, Any] | None]:
    """The choice of a request, and the table. Raises ProblemError 404 where there is no season at all."""
    found = seasons.summary(seasons.row(session, season)) if season else current(session)
    if found is None:
        raise ProblemError(404, "no season has begun here yet: whoever runs this leaderboard begins one with `avatarium season`")
    choice = choose(session, found, dict(request.query_params))
    return choice, tables.table(session, here.tables, choice.chosen.snapshot) if choice.chosen else None
