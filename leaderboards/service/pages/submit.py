"""Handing in a policy by a form. The token is a field of it: without cookies, nobody else's page can submit in one's name."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from avatarium.leaderboards.database.models import OPEN
from avatarium.leaderboards.service import receiving
from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages.frame import Address, page
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.reading import seasons, shapes

router = APIRouter()
MENDABLE = (401, 403, 409, 413, 415, 422)
"""Refusals that the form shows above its fields."""


@router.get("/submit")
def get_form(request: Request, here: Here) -> Response:
    """The form."""
    return _form(request, _open(here), None)


@router.post("/submit")
async def hand_in(request: Request, here: Here) -> Response:
    """Take what the form sends, and lead to the card of the submission; a refusal is shown above the form."""
    try:
        sent = await receiving.form(request, here)
        who = await receiving.bearer(here, sent.token)
        state = await receiving.enter(here, sent.file, sent.season, sent.track, who)
    except ProblemError as refusal:
        if refusal.status not in MENDABLE or "Connection" in refusal.headers:
            raise
        return _form(request, await run_in_threadpool(_open, here), refusal)
    request.state.account = who.name
    return RedirectResponse(Address(request).to("submissions", state.key), 303)


def _open(here: Here) -> list[shapes.SeasonSummary]:
    with here.database.reading() as session:
        return [season for season in seasons.listed(session) if season.state == OPEN]


def _form(request: Request, found: list[shapes.SeasonSummary], refusal: ProblemError | None) -> Response:
    most = request.app.state.hall.settings.limits.upload_bytes
    told = {"seasons": found, "refusal": refusal.detail if refusal else "", "origin": f"{request.url.scheme}://{request.url.netloc}"}
    headers = {"Cache-Control": "no-store"}
    return page(request, "submit.html", told | {"most": most >> 20}, status=refusal.status if refusal else 200, headers=headers)
