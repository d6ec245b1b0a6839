"""Whether the service lives, and whether it can answer; without limits, for those who watch over it."""

import sqlalchemy as sql
from fastapi import APIRouter

from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.problems import documented
from avatarium.leaderboards.service.reading.shapes import Health

router = APIRouter(tags=["health"])


@router.get("/health")
def alive() -> Health:
    """The process answers."""
    return Health(status="alive")


@router.get("/ready", responses=documented(503))
def ready(here: Here) -> Health:
    """The database answers as well."""
    with here.database.reading() as session:
        session.execute(sql.text("SELECT 1"))
    return Health(status="ready")
