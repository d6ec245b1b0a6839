"""Episodes: those that went worst come first, since they tell most."""

import math
from typing import Any

import sqlalchemy as sql
from sqlalchemy.orm import Session

from avatarium.leaderboards.database import models
from avatarium.leaderboards.service import secrecy
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.reading import cursors, shapes


def listed(
    session: Session, key: str, metric: str, higher_is_better: bool, cursor: str | None, limit: int, scenario: str = ""
) -> shapes.Page[shapes.Episode]:
    """The episodes of a submission by one metric, the worst first; those in which it failed come before all others."""
    slim = sql.select(models.Episode.id, models.Episode.shares, models.Episode.fault).where(models.Episode.submission == key)
    if scenario:
        slim = slim.where(models.Episode.scenario_name == scenario)
    order = sorted(
        (_badness(shares, metric, higher_is_better, fault is not None), number) for number, shares, fault in session.execute(slim)
    )
    if cursor:
        value, number = cursors.unpack(cursor, float, int)
        order = [place for place in order if place > (value, number)]
    chosen = order[:limit]
    found = {
        row.id: shape(row, shown, metric) for row, shown in session.execute(_query().where(models.Episode.id.in_([n for _, n in chosen])))
    }
    more = cursors.pack(*chosen[-1]) if len(order) > limit else None
    return shapes.Page(items=[found[number] for _, number in chosen], next=more)


def _badness(shares: dict[str, Any], metric: str, higher_is_better: bool, failed: bool) -> float:
    """The smaller, the worse; episodes that the metric says nothing of come last."""
    value = share(shares, metric)
    if failed:
        return -1e300
    if value is None:
        return 1e300
    return value if higher_is_better else -value


def share(shares: dict[str, Any], metric: str) -> float | None:
    """What an episode scores by a metric; None where there was no occasion."""
    above, below = shares.get(metric, (0.0, 0.0))
    value = above / below if below else math.nan
    return float(value) if math.isfinite(value) else None


def metrics(session: Session, key: str) -> list[str]:
    """The metrics that the episodes of a submission have."""
    first = session.scalar(
        sql.select(models.Episode.shares).where(models.Episode.submission == key, models.Episode.fault.is_(None)).limit(1)
    )
    return list(first or {})


def one(session: Session, number: int, metric: str = "") -> shapes.Episode:
    """An episode. Raises ProblemError 404."""
    found = session.execute(_query().where(models.Episode.id == number)).first()
    if found is None:
        raise ProblemError(404, f"there is no episode {number}")
    row, shown = found
    return shape(row, shown, metric)


def _query() -> Any:
    return sql.select(models.Episode, secrecy.open_episodes())


def shape(row: models.Episode, shown: bool, metric: str) -> shapes.Episode:
    """What is told of an episode, and its seed only where it is open."""
    told = {name: getattr(row, name) for name in shapes.Episode.model_fields if name not in ("value", "seed", "hidden")}
    return shapes.Episode(**told, value=share(row.shares, metric), seed=row.seed if shown else None, hidden=not shown)


def artefact(session: Session, number: int) -> str:
    """The SHA-256 of an episode's transcript. Raises ProblemError: 403 while it is hidden, 404 where there is none."""
    found = one(session, number)
    if found.hidden:
        raise ProblemError(403, "this transcript tells a seed of a season that is still played: it opens when the season is revealed")
    if not found.artefact:
        raise ProblemError(404, "this episode has no transcript, since the policy failed in it")
    return found.artefact
