"""Head to head: who does better than whom in the same episode."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages import choice, drawings
from avatarium.leaderboards.service.pages.frame import page

Json = dict[str, Any]
router = APIRouter()
MOST = 40
"""Players in a matrix; the best ones are shown."""


@router.get("/matches")
def get_newest(request: Request, here: Here) -> Response:
    """The matrix of the current season."""
    return _matches(request, here, None)


@router.get("/seasons/{season}/matches")
def get_matches(request: Request, here: Here, season: str) -> Response:
    """The matrix of any season."""
    return _matches(request, here, season)


def _matches(request: Request, here: Here, season: str | None) -> Response:
    with here.database.reading() as session:
        chosen, table = choice.read(request, here, session, season)
    found = table["matches"] if table else None
    return page(request, "matches.html", {"choice": chosen} | (_arranged(found) if found else {"players": []}))


def _arranged(found: Json) -> Json:
    """The best players, the best first, with the cells between them."""
    elo, shown = found["elo"], range(min(MOST, found["shown"]))
    players = [{**found["players"][k], "elo": elo[k], "games": found["games"][k]} for k in shown]
    cells = [[_cell(found, k, j) for j in shown] for k in shown]
    scale = drawings.span([score[name] for score in elo for name in ("low", "high")])
    return {"players": players, "cells": cells, "scale": scale, "left_out": len(elo) - len(shown)}


def _cell(found: Json, k: int, j: int) -> Json | None:
    if k == j:
        return None
    return {"p": found["p_beat"][k][j], "wins": found["wins"][k][j], "losses": found["wins"][j][k], "ties": found["ties"][k][j]}
