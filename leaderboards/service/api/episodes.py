"""Episodes: what happened in them, their transcripts and replays."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from avatarium.leaderboards.service.api import conditional
from avatarium.leaderboards.service.api.parameters import Number, Text
from avatarium.leaderboards.service.asking import MINUTE, Here, address, within
from avatarium.leaderboards.service.problems import documented, refusing
from avatarium.leaderboards.service.reading import episodes, shapes

router = APIRouter(tags=["episodes"], responses=documented(404, 422, 429, 503))
BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}
HIDDEN = documented(403, 409)


@router.get("/episodes/{number}")
def get_episode(here: Here, number: Number, metric: Annotated[str, Text("Whose value is told.")] = "") -> shapes.Episode:
    """An episode: its sums by metric and the digest of its transcript; its seed where that is open."""
    with here.database.reading() as session:
        return episodes.one(session, number, metric)


@router.get("/episodes/{number}/transcript", responses=BYTES | HIDDEN, response_class=Response)
def get_transcript(here: Here, number: Number) -> Response:
    """The transcript: `avatarium verify` plays it again and compares. Hidden while its seed could be trained on."""
    with here.database.reading() as session:
        artefact = episodes.artefact(session, number)
    with refusing(409):
        content = here.artefacts.read(artefact)
    named = {"Content-Disposition": f'attachment; filename="{artefact[:16]}.avt"'}
    return Response(content, media_type="application/octet-stream", headers=conditional.headers(artefact, conditional.FOR_EVER) | named)


@router.get("/episodes/{number}/replay", responses=BYTES | HIDDEN, response_class=Response)
def get_replay(request: Request, here: Here, number: Number) -> Response:
    """What the player of the pages shows. Hidden as long as the transcript is."""
    with here.database.reading() as session:
        artefact = episodes.artefact(session, number)
    if unchanged := conditional.fresh(request, artefact):
        return unchanged
    within(here.limits.take(f"replays:{address(request)}", here.settings.limits.replays, MINUTE), "replays in a minute")
    with refusing(409):
        parcel = here.parcels.parcel(artefact)
    return Response(parcel, media_type="application/octet-stream", headers=conditional.headers(artefact, conditional.FOR_EVER))
