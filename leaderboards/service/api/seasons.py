"""Seasons, their tables and all by which they can be checked."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from avatarium.leaderboards.database.models import RANKED, REVEALED
from avatarium.leaderboards.service import bundles
from avatarium.leaderboards.service.api import conditional
from avatarium.leaderboards.service.api.parameters import Cursor, Limit, Role, Season, Track, World
from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.problems import ProblemError, documented, refusing
from avatarium.leaderboards.service.reading import cursors, log, seasons, shapes, tables
from avatarium.leaderboards.service.reading.standing import Matches, Table

router = APIRouter(tags=["seasons"], responses=documented(422, 429, 503))


@router.get("/seasons")
def list_seasons(here: Here) -> list[shapes.SeasonSummary]:
    """All seasons, the newest first."""
    with here.database.reading() as session:
        return seasons.listed(session)


@router.get("/seasons/{season}", responses=documented(404))
def get_season(here: Here, season: Season) -> shapes.Season:
    """A season: its definition, commitment, worlds and anchors; its secret once that is revealed."""
    with here.database.reading() as session:
        return seasons.full(session, season)


@router.get("/seasons/{season}/tables", responses=documented(404))
def list_tables(here: Here, season: Season) -> list[shapes.TableName]:
    """Which tables a season has, each with the number of its newest snapshot and the hash of what it rests on."""
    with here.database.reading() as session:
        seasons.row(session, season)
        return tables.listed(session, season)


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The version that If-None-Match names is the newest."}}


@router.get("/seasons/{season}/table", response_model=Table, responses=documented(404) | NOT_MODIFIED)
def get_table(request: Request, here: Here, season: Season, track: Track = RANKED, world: World = "", role: Role = None) -> Response:
    """Who stands where: the newest snapshot of a table."""
    return _of_snapshot(request, here, season, track, world, role, "table")


@router.get("/seasons/{season}/matches", response_model=Matches, responses=documented(404) | NOT_MODIFIED)
def get_matches(request: Request, here: Here, season: Season, track: Track = RANKED, world: World = "", role: Role = None) -> Response:
    """Head to head: ratings, wins and ties between submissions that met in one episode, and how likely each beats each."""
    return _of_snapshot(request, here, season, track, world, role, "matches")


def _of_snapshot(request: Request, here: Here, season: str, track: str, world: str, role: str | None, part: str) -> Response:
    with here.database.reading() as session:
        seasons.row(session, season)
        number = tables.newest(session, season, track, world, role)
        tag = f"{part}-{number}"
        if unchanged := conditional.fresh(request, tag):
            return unchanged
        table = tables.table(session, here.tables, number)
    if part == "matches" and not table.get("matches"):
        raise ProblemError(404, f"nobody has met anybody in this table of season {season!r}")
    return conditional.as_json(table if part == "table" else table["matches"], tag)


@router.get(
    "/seasons/{season}/bundle", responses=documented(404, 409) | {200: {"content": {"application/zip": {}}}}, response_class=Response
)
def get_bundle(here: Here, season: Season) -> Response:
    """A zip with everything that the tables of a revealed season follow from: `avatarium verify` computes them anew."""
    with here.database.reading() as session:
        if seasons.row(session, season).state != REVEALED:
            raise ProblemError(409, f"season {season!r} is still played: its bundle is written when its secret has been revealed")
    with refusing(409):
        path = here.bundles.path(season)
    return FileResponse(path, media_type="application/zip", filename=path.name, content_disposition_type="attachment")


@router.get("/seasons/{season}/digests", responses=documented(404) | {200: {"content": {"application/jsonl": {}}}}, response_class=Response)
def get_digests(here: Here, season: Season) -> Response:
    """Digests of all episodes and matches of a season, one JSON object a line: whoever keeps them can tell later what was played."""
    with here.database.reading() as session:
        seasons.row(session, season)
    return StreamingResponse(bundles.digests(here.database, season), media_type="application/jsonl", headers={"Cache-Control": "no-store"})


@router.get("/log", responses=documented(404))
def list_log(here: Here, cursor: Cursor = None, limit: Limit = cursors.USUAL) -> shapes.Page[shapes.Event]:
    """The hash chain of everything that happened: keep its last hash, and nobody can change what came before unseen."""
    with here.database.reading() as session:
        return log.listed(session, cursor, limit)
