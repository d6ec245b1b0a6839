"""Submissions: lists, states, episodes, and handing one in."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from avatarium.leaderboards.database.models import SUBMISSION_STATES
from avatarium.leaderboards.service import receiving
from avatarium.leaderboards.service.api.parameters import PLAIN, Cursor, Key, Limit, Text, Track
from avatarium.leaderboards.service.asking import Here, Submitter
from avatarium.leaderboards.service.problems import documented
from avatarium.leaderboards.service.reading import cursors, episodes, shapes, submissions, tables

router = APIRouter(tags=["submissions"], responses=documented(422, 429, 503))
BODY = {
    "requestBody": {
        "required": True,
        "description": "The zip of a submission: as it is, or as the field `file` of a form.",
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    }
}


STATE = Query(max_length=20, pattern=PLAIN, description="Only those in this state.", json_schema_extra={"enum": ["", *SUBMISSION_STATES]})


@router.get("/submissions", responses=documented(404))
def list_submissions(
    here: Here,
    season: Annotated[str, Text("Only those in this season.")] = "",
    world: Annotated[str, Text("Only those for this world.")] = "",
    state: Annotated[str, STATE] = "",
    account: Annotated[str, Text("Only those of this account.")] = "",
    find: Annotated[str, Text("Only those with this in name or author, or at the beginning of their key.")] = "",
    cursor: Cursor = None,
    limit: Limit = cursors.USUAL,
) -> shapes.Page[shapes.SubmissionSummary]:
    """All submissions, the newest first; those that failed, too."""
    with here.database.reading() as session:
        return submissions.listed(session, submissions.Wanted(season, world, state, account, find), cursor, limit)


@router.post("/submissions", status_code=202, openapi_extra=BODY, responses=documented(400, 401, 403, 404, 408, 409, 413, 415))
async def hand_in(
    request: Request,
    response: Response,
    here: Here,
    who: Submitter,
    season: Annotated[str, Text("Where it competes; by default in the newest season that is open.")] = "",
    track: Track = "",
) -> shapes.State:
    """Hand in a policy: the zip of a manifest and an ONNX graph, at most 16 MB. It is queued; its state tells what becomes of it."""
    content = await receiving.content(request, here, who)
    state = await receiving.enter(here, content, season, track, who)
    response.headers["Location"] = f"/api/v1/submissions/{state.key}/state"
    return state


@router.get("/submissions/{key}", responses=documented(404))
def get_submission(here: Here, key: Key) -> shapes.Submission:
    """A submission: what it says of itself, what was found, and what happened to it."""
    with here.database.reading() as session:
        return submissions.full(session, key)


@router.get("/submissions/{key}/state", responses=documented(404))
def get_state(here: Here, key: Key) -> shapes.State:
    """Where a submission stands, why, and how many jobs are ahead of it."""
    with here.database.reading() as session:
        return submissions.state(session, key)


@router.get("/submissions/{key}/scores", responses=documented(404))
def get_scores(here: Here, key: Key) -> list[tables.Scores]:
    """Its line in every table in which it is ranked."""
    with here.database.reading() as session:
        submissions.row(session, key)
        return [tables.scores(table, row) for table, row in tables.lines_of(session, here.tables, key)]


@router.get("/submissions/{key}/episodes", responses=documented(404))
def list_episodes(
    here: Here,
    key: Key,
    metric: Annotated[str, Text("Sort by this metric; by default the first that they have.")] = "",
    lower_is_better: Annotated[bool, Query(description="Whether small values of it are good.")] = False,
    scenario: Annotated[str, Text("Only those of this scenario, by its name.")] = "",
    cursor: Cursor = None,
    limit: Limit = cursors.USUAL,
) -> shapes.Page[shapes.Episode]:
    """Its episodes, the worst first. Seeds of a season that is still played are null."""
    with here.database.reading() as session:
        submissions.row(session, key)
        by = metric or next(iter(episodes.metrics(session, key)), "")
        return episodes.listed(session, key, by, not lower_is_better, cursor, limit, scenario)
