"""All submissions: those that were rejected, failed or retired, too, with their reasons."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avatarium.leaderboards.database.models import SUBMISSION_STATES
from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages.frame import page
from avatarium.leaderboards.service.reading import submissions

router = APIRouter()
ON_A_PAGE = 50
FILTERS = ("season", "world", "state", "account", "find")


@router.get("/submissions")
def get_submissions(request: Request, here: Here) -> Response:
    """The list, filtered by the parameters of its address."""
    query = request.query_params
    wanted = submissions.Wanted(**{name: query.get(name, "")[:200].strip() for name in FILTERS})
    with here.database.reading() as session:
        found = submissions.listed(session, wanted, query.get("cursor") or None, ON_A_PAGE)
        told: dict[str, Any] = {"found": found, "counts": submissions.states(session), "worlds": submissions.worlds(session)}
    return page(request, "submissions.html", told | {"wanted": wanted, "states": SUBMISSION_STATES})
