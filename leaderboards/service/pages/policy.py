"""A policy's card: what it says of itself, what was found, how it generalises, and every episode, the worst first."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avatarium.leaderboards.database.models import CHECKING, FINISHED, PLAYING, RETIRED
from avatarium.leaderboards.service.asking import Here
from avatarium.leaderboards.service.pages import drawings
from avatarium.leaderboards.service.pages.frame import page
from avatarium.leaderboards.service.reading import episodes, shapes, submissions, tables

Json = dict[str, Any]
router = APIRouter()
EPISODES = 25
UNDER_WAY = (CHECKING, PLAYING)
PLAYED = (PLAYING, FINISHED, RETIRED)


@router.get("/submissions/{key}")
def get_policy(request: Request, here: Here, key: str) -> Response:
    """The card of a submission."""
    query = request.query_params
    with here.database.reading() as session:
        found = submissions.full(session, key)
        lines = tables.lines_of(session, here.tables, key)
        column = _column(lines, query.get("metric", ""))
        metrics = episodes.metrics(session, key)
        metric = column["metric"] if column else next(iter(metrics), "")
        worst = episodes.listed(session, key, metric, not column or column["higher_is_better"], query.get("cursor") or None, EPISODES)
    told = {"policy": found, "lines": lines, "episodes": worst, "metric": metric, "metrics": metrics, "under_way": found.state in UNDER_WAY}
    return page(request, "policy.html", told | _views(here, found, query.get("plan", ""), metric))


def _column(lines: list[tuple[Json, Json]], wanted: str) -> Json | None:
    """The column whose metric sorts the episodes: the one that was asked for, else the first."""
    columns = [column for table, _ in lines for column in table["columns"]]
    return next((c for c in columns if c["metric"] == wanted), columns[0] if columns else None)


def _views(here: Here, found: shapes.Submission, wanted: str, metric: str) -> Json:
    """Generalisation and curves in one plan: the one that was asked for, else the last."""
    plan = next((p for p in found.plans if f"{p.season}/{p.track}" == wanted), found.plans[-1] if found.plans else None)
    if plan is None or found.state not in PLAYED:
        return {"plan": None, "sentence": "", "grids": [], "margins": [], "curves": []}
    view = here.views.view(found.key, plan.season, plan.track)
    about = next((m for m in view.general["metrics"] if m["name"] == metric), next(iter(view.general["metrics"]), None))
    shown = [cell for cell in view.general["cells"] if about and cell["metric"] == about["name"]]
    margins = [margin for margin in view.general["margins"] if about and margin["metric"] == about["name"]]
    told = {"about": about, "grids": grids(shown, about["higher_is_better"]) if about else [], "margins": margins}
    return {"plan": plan, "sentence": view.sentence, "curves": view.curves, **told}


def grids(shown: list[Json], higher_is_better: bool) -> list[Json]:
    """One heat table per mode, from the cells of one metric: rows are people and customs, columns are places."""
    low, high = drawings.span([cell["value"] for cell in shown])
    found = []
    for mode in dict.fromkeys(cell["mode"] for cell in shown):
        here = [cell for cell in shown if cell["mode"] == mode]
        places = list(dict.fromkeys((cell["places"], "places" in cell["held_out"]) for cell in here))
        rows = list(dict.fromkeys((c["people"], "people" in c["held_out"], c["customs"], "customs" in c["held_out"]) for c in here))
        cells = {
            (c["people"], c["customs"], c["places"]): c | {"heat": drawings.heat(c["value"], low, high, higher_is_better)} for c in here
        }
        found.append({"mode": mode, "places": places, "rows": rows, "cells": cells})
    return found
