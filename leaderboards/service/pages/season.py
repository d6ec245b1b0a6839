"""Seasons: what was fixed before anybody submitted, and how it can be checked."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages.frame import page
from avatarium.leaderboards.service.reading import seasons, tables

router = APIRouter()


@router.get("/seasons")
def get_seasons(request: Request, here: Here) -> Response:
    """All seasons."""
    with here.database.reading() as session:
        return page(request, "seasons.html", {"seasons": seasons.listed(session)})


@router.get("/seasons/{season}")
def get_season(request: Request, here: Here, season: str) -> Response:
    """One season."""
    with here.database.reading() as session:
        found = seasons.full(session, season)
        return page(request, "season.html", {"season": found, "tables": tables.listed(session, found.name)})
