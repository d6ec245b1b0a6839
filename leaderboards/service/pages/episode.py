"""An episode: its replay in the browser, its scores, and how to check it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages.frame import page
from avatarium.leaderboards.service.problems import ProblemError
from avatarium.leaderboards.service.reading import episodes, submissions

router = APIRouter()


@router.get("/episodes/{number}")
def get_episode(request: Request, here: Here, number: str) -> Response:
    """The page of an episode."""
    if not number.isdecimal() or len(number) > 18:
        raise ProblemError(404, f"there is no episode {number[:40]!r}")
    with here.database.reading() as session:
        found = episodes.one(session, int(number))
        of = submissions.row(session, found.submission)
    scores = {metric: (episodes.share(found.shares, metric), share) for metric, share in found.shares.items()}
    return page(
        request,
        "episode.html",
        {"episode": found, "policy": of, "scores": scores, "origin": f"{request.url.scheme}://{request.url.netloc}"},
    )
