"""Uploads: whoever may submit sends a zip; it is read up to its limit, and handed to the queue, which trusts nothing in it."""

from dataclasses import dataclass

import sqlalchemy as sql
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.database.models import LOCAL, OPEN, PUBLIC, RANKED, Season
from avatarium.leaderboards.queue import entry
from avatarium.leaderboards.service import tokens
from avatarium.leaderboards.service.asking import HOUR, UNKNOWN, address, within
from avatarium.leaderboards.service.hall import Hall
from avatarium.leaderboards.service.problems import ProblemError, refusing
from avatarium.leaderboards.service.reading import seasons, shapes, submissions
from avatarium.leaderboards.service.tokens import Bearer
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError, nearest

ENTERED = (PUBLIC, RANKED)
"""Tracks that a submission plays at once; the final one is for those who are ranked when the season ends."""
FIELDS = 4
FIELD_BYTES = 1024
RAW = ("application/zip", "application/octet-stream", "application/x-zip-compressed")
FORM = "multipart/form-data"


@dataclass(frozen=True)
class Form:
    """What the form of the page sends."""

    file: bytes
    token: str
    season: str
    track: str


async def content(request: Request, here: Hall, who: Bearer) -> bytes:
    """The zip of an upload by a program, raw or in a form. Raises ProblemError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        found = (await form(request, here)).file
    elif kind in RAW:
        await run_in_threadpool(_room, request, here)
        found = await request.body()
    else:
        raise ProblemError(415, f"send the zip as {RAW[0]}, or in the field 'file' of {FORM}")
    return _sized(found, here)


async def form(request: Request, here: Hall) -> Form:
    """The fields of an upload by a form. Raises ProblemError."""
    await run_in_threadpool(_room, request, here)
    try:
        async with request.form(max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES) as sent:
            file = sent.get("file")
            if not isinstance(file, UploadFile):
                raise ProblemError(422, "choose a file: the form's field 'file' is empty")
            texts = {name: str(sent.get(name, "")).strip() for name in ("token", "season", "track")}
            return Form(_sized(await file.read(), here), **texts)
    except MultiPartException:
        raise ProblemError(400, "the form is damaged or cut off: send it again") from None


def _room(request: Request, here: Hall) -> None:
    within(here.limits.take(f"uploads:{address(request)}", here.settings.limits.uploads, HOUR), "uploads in an hour")


def _sized(found: bytes, here: Hall) -> bytes:
    most = here.settings.limits.upload_bytes
    if not found:
        raise ProblemError(422, "the upload is empty: send the zip of a submission")
    if len(found) > most:
        raise ProblemError(413, f"the file has {len(found) / 2**20:.1f} MB; a submission may have {most >> 20}")
    return found


async def bearer(here: Hall, token: str) -> Bearer:
    """Whom the token in a form stands for, who may submit. Raises ProblemError 401 or 403."""

    def find() -> Bearer | None:
        with here.database.reading() as session:
            return tokens.bearer(session, token, now(session))

    who = await run_in_threadpool(find)
    if who is None:
        raise ProblemError(401, UNKNOWN)
    if tokens.SUBMIT not in who.scopes:
        raise ProblemError(403, f"this token may {', '.join(sorted(who.scopes)) or 'nothing'}, but not submit")
    return who


async def enter(here: Hall, zipped: bytes, season: str, track: str, who: Bearer) -> shapes.State:
    """Hand a zip to the queue; its state. Raises ProblemError: 422 with what is wrong with it, 409 where nothing can be entered."""
    return await run_in_threadpool(_enter, here, zipped, season, track, who)


def _enter(here: Hall, zipped: bytes, season: str, track: str, who: Bearer) -> shapes.State:
    where, secret = _season(here, season)
    tracks = _tracks(track, where.name, secret is not None)
    with refusing():
        manifest, key = entry.parsed(here.artefacts, zipped)
        world = _world(where, manifest.world)
        for one in tracks:
            about = (zipped, where.name, one, who.account, here.settings.trust)
            entry.enter(here.database, here.artefacts, *about, secret=secret or "", world=world)
    with here.database.reading() as session:
        return submissions.state(session, key)


def _season(here: Hall, name: str) -> tuple[Season, str | None]:
    """The season that was named, or the newest that is open, and its secret where that is at hand. Raises ProblemError."""
    with here.database.reading() as session:
        if name:
            found: Season | None = seasons.row(session, name)
        else:
            newest = sql.select(Season).where(Season.state == OPEN, Season.name != LOCAL).order_by(Season.created.desc())
            found = session.scalar(newest.limit(1))
    if found is None or found.state != OPEN:
        raise ProblemError(
            409, f"season {name!r} takes no submissions any more" if name else "no season is open now: come back when one is"
        )
    return found, here.secret(found)


def _tracks(track: str, season: str, ranked: bool) -> list[str]:
    """The track that was named, or all that can be entered. Raises ProblemError."""
    if track and track not in ENTERED:
        raise ProblemError(422, f"track: nobody can enter {track[:40]!r}: {nearest(track[:40], ENTERED)}")
    if track == RANKED and not ranked:
        raise ProblemError(409, f"season {season!r} has no ranked track here")
    return [track] if track else list(ENTERED) if ranked else [PUBLIC]


def _world(season: Season, name: str) -> str:
    """The address of the world that a manifest names, if the season is about it. Raises UserError.

    A stranger's word is compared with the names of these worlds, and never looked up: as an address it would import a module.
    """
    addresses = list(dict.fromkeys(str(part["world"]) for part in season.definition["parts"]))
    known = {discovery.spec(address).name: address for address in addresses}
    if name not in known:
        raise UserError(f"season {season.name} is not about a world {name[:60]!r}: {nearest(name[:60], known)}")
    return known[name]
