"""The leaderboard: who stands where, how sure that is, and who is not ranked and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avatarium.leaderboards.service.api import conditional
from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages import choice, drawings
from avatarium.leaderboards.service.pages.frame import page

Json = dict[str, Any]
router = APIRouter()
SIZES = (100, 250, 1000)
PLACE = "place"
MANY = 8
"""Of a table with more columns only the pillars are shown at first."""


@dataclass(frozen=True)
class View:
    """How the reader wants a table: sorted, filtered, from which line on."""

    sort: str = PLACE
    down: bool = False
    find: str = ""
    baselines: bool = True
    everything: bool = False
    first: int = 0
    size: int = SIZES[0]


@router.get("/")
def get_newest(request: Request, here: Here) -> Response:
    """The table of the current season."""
    return _board(request, here, None)


@router.get("/seasons/{season}/table")
def get_board(request: Request, here: Here, season: str) -> Response:
    """A table of any season."""
    return _board(request, here, season)


def _board(request: Request, here: Here, season: str | None) -> Response:
    with here.database.reading() as session:
        chosen, table = choice.read(request, here, session, season)
    tag = f"{chosen.season.state}-{chosen.chosen.snapshot if chosen.chosen else 0}-{conditional.address_tag(request)}"
    if unchanged := conditional.fresh(request, tag):
        return unchanged
    told: Json = {"choice": chosen, "table": table}
    if table is not None:
        asked = view(request.query_params, table)
        told |= arranged(table, asked) | {"view": asked, "sizes": SIZES}
    return page(request, "board.html", told, headers=conditional.headers(tag))


def view(query: Mapping[str, str], table: Json) -> View:
    """The reader's wishes; what makes no sense is left at what is usual."""
    sorts = _sorts(table)
    sort = query.get("sort", PLACE)
    size, first = query.get("size", ""), query.get("first", "0")
    return View(
        sort=sort if sort in sorts else PLACE,
        down=query.get("order") == "down",
        find=query.get("find", "")[:100].strip(),
        baselines=query.get("baselines") != "no",
        everything=query.get("columns") == "all" or bool(table["world"]) or len(table["columns"]) <= MANY,
        first=int(first) if first.isdecimal() and len(first) < 7 else 0,
        size=int(size) if size.isdecimal() and int(size[:6]) in SIZES else SIZES[0],
    )


def arranged(table: Json, asked: View) -> Json:
    """The lines to be shown, in order, with the scale of their whiskers."""
    key = _sorts(table)[asked.sort]
    found = [row for row in table["rows"] if _wanted(row, asked)]
    known = [row for row in found if key(row) is not None]
    known.sort(key=key, reverse=asked.down)  # stable: the order of places within
    found = known + [row for row in found if key(row) is None]
    first = min(asked.first, max(len(found) - 1, 0)) // asked.size * asked.size
    return {
        "rows": found[first : first + asked.size],
        "first": first,
        "total": len(found),
        "columns": table["columns"] if asked.everything else [],
        "scale": _scale([row["headline"] for row in table["rows"]]),
    }


NOTHING: Json = {"value": None, "low": None, "high": None}


def _scale(scores: list[Json]) -> tuple[float, float]:
    return drawings.span([score[name] for score in scores for name in ("low", "high") if score["value"] is not None])


def _wanted(row: Json, asked: View) -> bool:
    words = asked.find.lower()
    texts = (row["name"], row["author"], row["account"] or "")
    return (asked.baselines or not row["baseline"]) and (not words or any(words in text.lower() for text in texts))


def _sorts(table: Json) -> dict[str, Callable[[Json], Any]]:
    """By what lines can be sorted: a number or text of a line, None where it has none."""
    found: dict[str, Callable[[Json], Any]] = {
        PLACE: lambda row: row["places"],
        "name": lambda row: row["name"].lower(),
        "headline": lambda row: row["headline"]["value"],
        "attempts": lambda row: row["attempts"],
        "parameters": lambda row: row["efficiency"].get("parameters"),
        "us_per_decision": lambda row: row["efficiency"].get("us_per_decision"),
    }
    found |= {f"pillar-{name}": _value("pillars", name) for name in table["pillars"]}
    return found | {f"score-{column['name']}": _value("scores", column["name"]) for column in table["columns"]}


def _value(part: str, name: str) -> Callable[[Json], Any]:
    return lambda row: row[part].get(name, NOTHING)["value"]
