"""Files of the pages: style, scripts, type, pictures of worlds. All of them are served from here, and from nowhere else."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, Request, Response

from avatarium.leaderboards.service.api import conditional
from avatarium.leaderboards.service.pages import palette
from avatarium.leaderboards.service.problems import ProblemError

HERE = Path(__file__).parent.parent / "static"
DRAWN = "avatarium.render"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".ttf": "font/ttf",
    ".webp": "image/webp",
    ".txt": "text/plain; charset=utf-8",
}
FONTS = ("Inter-Regular.ttf", "Inter-SemiBold.ttf")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class File:
    """A file as it is sent."""

    content: bytes
    kind: str
    digest: str


@cache
def files() -> dict[str, File]:
    """All files by name."""
    found = {path.name: path.read_bytes() for path in HERE.iterdir() if path.suffix in KINDS}
    found["style.css"] = palette.css().encode() + found["style.css"]
    drawn = resources.files(DRAWN)
    found["bundle.js"] = (drawn / "web" / "bundle.js").read_bytes()
    found |= {name: (drawn / "draw" / "fonts" / name).read_bytes() for name in FONTS}
    found |= {p.name: p.read_bytes() for p in (drawn / "gallery").iterdir() if p.name.endswith("-orbit.webp")}
    return {name: File(content, KINDS[Path(name).suffix], hashlib.sha256(content).hexdigest()[:16]) for name, content in found.items()}


def address(name: str) -> str:
    """Where a file is found; the address changes with its content, so that browsers may keep it for ever."""
    return f"/static/{name}?v={files()[name].digest}"


def picture(world: str) -> str | None:
    """The address of a world's picture, if there is one."""
    name = f"{world}-orbit.webp"
    return address(name) if name in files() else None


@router.get("/static/{name}")
def get_file(request: Request, name: str) -> Response:
    """A file, kept for ever by those who asked for just this version of it."""
    found = files().get(name)
    if found is None:
        raise ProblemError(404, f"there is no file {name[:60]!r}")
    if unchanged := conditional.fresh(request, found.digest):
        return unchanged
    keep = conditional.FOR_EVER if request.query_params.get("v") == found.digest else conditional.BRIEFLY
    return Response(found.content, media_type=found.kind, headers=conditional.headers(found.digest, keep))
