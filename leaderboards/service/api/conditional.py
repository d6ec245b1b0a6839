"""Answers that need not be sent again: an ETag, and 304 for whoever has that version already."""

import hashlib
import json
from importlib import metadata
from typing import Any

from fastapi import Request, Response

BRIEFLY = "public, max-age=15, stale-while-revalidate=60"
FOR_EVER = "public, max-age=31536000, immutable"


def fresh(request: Request, tag: str) -> Response | None:
    """The 304 for a browser or program that has the version ``tag``; None for one that has not."""
    given = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if f'"{tag}"' in given or "*" in given:
        return Response(status_code=304, headers=headers(tag))
    return None


def headers(tag: str, keep: str = BRIEFLY) -> dict[str, str]:
    """Of an answer in the version ``tag``; it is weak, since it may be compressed."""
    return {"ETag": f'W/"{tag}"', "Cache-Control": keep}


def as_json(content: Any, tag: str) -> Response:
    """JSON in the version ``tag``."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text, media_type="application/json", headers=headers(tag))


def address_tag(request: Request) -> str:
    """What tells the versions of a page apart that differ by their address, and those of two releases."""
    address = f"{metadata.version('avatarium')} {request.url.path}?{request.url.query}"
    return hashlib.sha256(address.encode()).hexdigest()[:16]
