"""Parameters that several routes share."""

from typing import Annotated

from fastapi import Path, Query

from avatarium.leaderboards.service.reading import cursors

PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""No control characters: PostgreSQL takes no zero bytes, and nobody means them."""
Season = Annotated[str, Path(max_length=100, pattern=PLAIN, description="A season's name.", examples=["spring-2026"])]
Key = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="A submission's key, 64 hexadecimal digits.")]
Track = Annotated[str, Query(max_length=40, pattern=PLAIN, description="public, ranked or final")]
World = Annotated[str, Query(max_length=200, pattern=PLAIN, description="A world; empty for all together.")]
Role = Annotated[str | None, Query(max_length=100, pattern=PLAIN, description="A role; by default that of the newest table.")]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Cursor = Annotated[str | None, Query(max_length=400, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=cursors.MOST, description="Things on a page.")]


def Text(description: str) -> object:  # noqa: N802  # stands in annotations, as Query does
    """A short text in the query."""
    return Query(max_length=200, pattern=PLAIN, description=description)
