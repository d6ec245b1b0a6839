"""Cursors: where a list goes on. They name the last row that was told, so rows that come meanwhile push nothing out of sight."""

import base64
import binascii
import json

from avatarium.leaderboards.service.problems import ProblemError

MOST = 200
USUAL = 50


def pack(*place: float | str) -> str:
    """A cursor of the last row's place.

    >>> unpack(pack(12.5, "abc"), float, str)
    [12.5, 'abc']
    """
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def unpack(cursor: str, *kinds: type) -> list[float | str]:
    """The place that a cursor holds, of values of these kinds. Raises ProblemError for what is no cursor."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        place = [kind(value) for kind, value in zip(kinds, found, strict=True) if isinstance(value, int | float | str)]
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError):
        place = []
    if len(place) != len(kinds) or any(isinstance(v, int) and abs(v) >= 2**63 for v in place) or any(v != v for v in place):
        raise ProblemError(404, "no list has given this cursor: begin without one")
    return place
