"""What went wrong, as one sentence: problem details (RFC 9457) for programs, a page for people."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from avatarium.leaderboards.database.artefacts import ArtefactError
from avatarium.leaderboards.database.trouble import DiskFullError, UnavailableError
from avatarium.worlds.core.errors import UserError

LOG = logging.getLogger("avatarium.service")
MEDIA_TYPE = "application/problem+json"
API = "/api/"


class Problem(BaseModel):
    """An answer that is none: what went wrong, and what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"title": "Not Found", "status": 404, "detail": "there is no season 'winter'", "request": "5f0c9a"}]
        }
    )
    type: str = "about:blank"
    title: str
    """The status in words."""
    status: int
    detail: str
    """One sentence."""
    request: str
    """Under which the service's log has it."""


class ProblemError(Exception):
    """Ends a request with a status and one sentence."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


@contextmanager
def refusing(status: int = 422) -> Iterator[None]:
    """Within it a UserError is about what was asked, and is told as it is; troubles of storage are none."""
    try:
        yield
    except (UnavailableError, DiskFullError):
        raise
    except ArtefactError as lost:
        LOG.error("%s", lost)  # it names folders
        raise ProblemError(status, "its file is missing or damaged here: tell whoever runs this leaderboard") from lost
    except UserError as refusal:
        raise ProblemError(status, str(refusal)) from refusal


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of a route: the problems it may answer with."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {s: {"description": HTTPStatus(s).phrase, "content": {MEDIA_TYPE: {"schema": schema}}} for s in statuses}


def install(app: FastAPI) -> None:
    """Let every error of ``app`` be told this way."""

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return answer(request, error.status, error.detail, error.headers)

    async def unusable(request: Request, error: Exception) -> Response:
        LOG.error("request %s: %s", getattr(request.state, "request_id", ""), error)  # it names files and servers: not for everybody
        return answer(request, 503, "the leaderboard's storage does not answer now: try again in a moment", {"Retry-After": "5"})

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, 422, _sentence(error))

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = _usual(error.status_code, request)
        return answer(request, error.status_code, told, error.headers)

    async def gone(request: Request, error: Exception) -> Response:
        return answer(request, 400, "the connection was closed before the request was here")

    app.add_exception_handler(ProblemError, problem)
    app.add_exception_handler(UserError, unusable)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(ClientDisconnect, gone)


def describe(app: FastAPI) -> None:
    """Let the schema of ``app`` say what problems look like."""
    usual = app.openapi

    def openapi() -> dict[str, Any]:
        schema: dict[str, Any] = usual()
        schema["components"]["schemas"][Problem.__name__] = Problem.model_json_schema()
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def answer(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The problem in the form that whoever asks can use."""
    request_id = str(getattr(request.state, "request_id", ""))
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, request=request_id)
    if request.url.path.startswith(API):
        kept = {"Cache-Control": "no-store", **(headers or {})}
        return JSONResponse(told.model_dump(), status, headers=kept, media_type=MEDIA_TYPE)
    from avatarium.leaderboards.service.pages.frame import page

    response = page(request, "problem.html", {"problem": told}, status=status)
    response.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return response


def _sentence(error: RequestValidationError) -> str:
    first: Any = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("query", "path", "body", "header"))
    return f"{where or 'the request'}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _usual(status: int, request: Request) -> str:
    known = {
        400: "the body cannot be read as JSON",
        404: f"there is nothing at {request.url.path[:200]}",
        405: f"{request.method} is not possible at {request.url.path[:200]}",
    }
    return known.get(status, HTTPStatus(status).description or HTTPStatus(status).phrase)
