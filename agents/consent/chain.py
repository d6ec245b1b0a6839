"""Lines of JSON that hold the hash of the one before, so that nothing can be changed unseen; and what a crash leaves of the last one.

Haber and Stornetta 1991, "How to time-stamp a digital document". Whoever holds the file could still write all of it anew, or take away
its last lines, so the hash of the last one is worth keeping elsewhere: up to there nobody can.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

BEGINNING = "0" * 64
"""What stands for the hash before the first line."""

Line = Mapping[str, Any]


class BrokenError(ValueError):
    """A line is not what was written; ``number`` counts from 1."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number} {why}")
        self.number = number


class Parsed(NamedTuple):
    """What a file holds from some line on."""

    lines: list[dict[str, Any]]
    whole: int
    """Bytes of the lines that end as they should."""
    unended: bool
    """Whether the last of ``lines`` is complete but for its end, which a crash has taken."""


def canonical(content: Any) -> str:
    """JSON that is the same for the same content."""
    return json.dumps(json.loads(json.dumps(content)), sort_keys=True, separators=(",", ":"))


def digest(content: Any) -> str:
    """SHA-256 (hex) of a content as canonical JSON."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def sealed(content: Line) -> dict[str, Any]:
    """A line with its own hash; ``content`` has its ``number`` and the hash of the ``previous`` one."""
    return {**content, "hash": digest(content)}


def written(line: Line) -> bytes:
    """The bytes of a line, its end included."""
    return canonical(line).encode() + b"\n"


def parse(data: bytes, number: int = 0, previous: str = BEGINNING) -> Parsed:
    """The lines of ``data``, which come after line ``number`` with the hash ``previous``.

    What a crash has left of a line that was never finished is passed over. Raises BrokenError for everything else that is not a line
    which follows from the one before.
    """
    lines: list[dict[str, Any]] = []
    at = 0
    while (end := data.find(b"\n", at)) >= 0:
        lines.append(_line(data[at:end], number + len(lines) + 1, lines[-1]["hash"] if lines else previous))
        at = end + 1
    rest = data[at:].rstrip(b"\0")  # some file systems leave zeros where a write was cut
    if not _complete(rest):
        return Parsed(lines, at, False)
    lines.append(_line(rest, number + len(lines) + 1, lines[-1]["hash"] if lines else previous))
    return Parsed(lines, at, True)


def _complete(rest: bytes) -> bool:
    """Whether there is a whole object of JSON at the end of a file, which no write that was cut leaves."""
    try:
        json.JSONDecoder().raw_decode(rest.decode(errors="replace"))
    except (ValueError, RecursionError):
        return False
    return True


def _line(data: bytes, number: int, previous: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
        body = {name: value for name, value in found.items() if name != "hash"}
        same = canonical(found).encode() == data
    except (ValueError, AttributeError, RecursionError):
        raise BrokenError(number, "is not what was written: it is no entry") from None
    if body.get("number") != number:
        raise BrokenError(number, f"holds entry {str(body.get('number'))[:20]}: lines were taken out, put in or moved")
    if body.get("previous") != previous:
        raise BrokenError(number, "does not follow from the one before")
    if not same or found.get("hash") != digest(body):
        raise BrokenError(number, "was changed")
    return dict(found)
