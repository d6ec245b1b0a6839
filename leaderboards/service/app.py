"""The web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from avatarium.leaderboards.service import problems
from avatarium.leaderboards.service.access import Access
from avatarium.leaderboards.service.api import accounts, episodes, health, seasons, submissions
from avatarium.leaderboards.service.asking import admitted
from avatarium.leaderboards.service.bodies import Bodies
from avatarium.leaderboards.service.hall import Hall
from avatarium.leaderboards.service.pages import routes, static
from avatarium.leaderboards.service.settings import Settings

VERSION = "/api/v1"
UPLOADS = (f"{VERSION}/submissions", "/submit")
ABOUT = """Who stands where, why, and how to check it. Lists go on by cursors; errors are problem details (RFC 9457) of one sentence;
tables have ETags. Reading needs no token. Seeds, transcripts and replays of a ranked track are hidden until its season is revealed."""


def create(settings: Settings) -> FastAPI:
    """The application over a board. The database is opened here, and closed with the application. Raises UserError where it cannot be."""
    hall = Hall(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        hall.close()

    app = FastAPI(
        title=f"{settings.title} leaderboard",
        version=metadata.version("avatarium"),
        description=ABOUT,
        lifespan=lifespan,
        openapi_url=f"{VERSION}/openapi.json",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.hall = hall
    api = APIRouter(prefix=VERSION, dependencies=[Depends(admitted)], responses=problems.documented(401))
    for module in (seasons, submissions, episodes, accounts):
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(health.router, prefix=VERSION)
    app.include_router(static.router)
    app.include_router(routes.router)
    problems.install(app)
    problems.describe(app)
    app.add_middleware(GZipMiddleware, compresslevel=5, exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream"))
    limits = settings.limits
    app.add_middleware(Bodies, uploads=UPLOADS, upload_bytes=limits.upload_bytes, seconds=limits.body_s)
    app.add_middleware(Access)
    return app
