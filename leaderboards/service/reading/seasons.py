"""Seasons: what was fixed, and by what it can be checked."""

import sqlalchemy as sql
from sqlalchemy.orm import Session

from avatarium.leaderboards.database import models
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.reading import shapes
from avatarium.worlds.core.errors import nearest


def listed(session: Session) -> list[shapes.SeasonSummary]:
    """All seasons that have rules, the newest first."""
    query = sql.select(models.Season).where(models.Season.name != models.LOCAL).order_by(models.Season.created.desc(), models.Season.name)
    return [summary(row) for row in session.scalars(query)]


def row(session: Session, name: str) -> models.Season:
    """The season of that name. Raises ProblemError 404, naming the nearest."""
    found = session.get(models.Season, name) if name != models.LOCAL else None
    if found is None:
        known = [one.name for one in listed(session)]
        raise ProblemError(404, f"there is no season {name[:60]!r}: {nearest(name[:60], known) if known else 'none has begun yet'}")
    return found


def full(session: Session, name: str) -> shapes.Season:
    """A season with its worlds, anchors and figures."""
    found = row(session, name)
    plans = sql.select(sql.func.count(sql.distinct(models.EvalPlan.submission))).where(models.EvalPlan.season == name)
    episodes = (
        sql.select(sql.func.count(models.Episode.id))
        .join(models.Job, models.Job.id == models.Episode.job)
        .join(models.EvalPlan, models.EvalPlan.id == models.Job.plan)
        .where(models.EvalPlan.season == name)
    )
    return shapes.Season(
        **summary(found).model_dump(),
        ruleset=found.ruleset,
        commitment=found.commitment,
        secret=found.secret if found.state == models.REVEALED else None,
        definition=found.definition,
        worlds=[_world(w) for w in session.scalars(sql.select(models.WorldVersion).order_by(models.WorldVersion.world))],
        anchors=_anchors(session, name),
        submissions=session.scalar(plans) or 0,
        episodes=session.scalar(episodes) or 0,
    )


def summary(found: models.Season) -> shapes.SeasonSummary:
    """What a list says of a season."""
    return shapes.SeasonSummary(**{name: getattr(found, name) for name in shapes.SeasonSummary.model_fields})


def _world(found: models.WorldVersion) -> shapes.World:
    return shapes.World(world=found.world, version=found.version, digest=found.digest, quarantined=found.quarantined)


def _anchors(session: Session, season: str) -> list[shapes.AnchorScore]:
    query = sql.select(models.Anchor).where(models.Anchor.season == season).order_by(models.Anchor.id)
    return [shapes.AnchorScore(**{name: getattr(a, name) for name in shapes.AnchorScore.model_fields}) for a in session.scalars(query)]
