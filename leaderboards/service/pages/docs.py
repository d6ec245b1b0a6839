"""How to check what is claimed here, and what programs can ask."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages.frame import page
from avatarium.leaderboards.service.reading import log

router = APIRouter()


@router.get("/verify")
def get_verify(request: Request, here: Here) -> Response:
    """How to verify scores, seeds and the log."""
    with here.database.reading() as session:
        head = log.head(session)
    return page(request, "verify.html", {"head": head, "origin": f"{request.url.scheme}://{request.url.netloc}"})


@router.get("/api")
def get_api(request: Request) -> Response:
    """What programs can ask, from the schema."""
    schema: dict[str, Any] = request.app.openapi()
    routes = [(method.upper(), path, told) for path, methods in schema["paths"].items() for method, told in methods.items()]
    return page(request, "api.html", {"routes": routes, "origin": f"{request.url.scheme}://{request.url.netloc}"})
