"""One policy in a season: where, among whom and under which customs it does well, and what becomes of it when sensors fail."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards import generalisation as tables
from avatarium.leaderboards import robustness
from avatarium.leaderboards.database import models
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.metrics import Metric, metric
from avatarium.leaderboards.scenarios import AXES, Scenario
from avatarium.leaderboards.seasons.definition import Part, from_json
from avatarium.leaderboards.standings.rounding import interval
from avatarium.leaderboards.stats import Interval

Json = dict[str, Any]
Found = list[tuple[Scenario, list[Episode]]]


def generalisation(database: Database, key: str, season: str, track: str, secret: str = "") -> Json:
    """The generalisation table of a submission by each metric that counts in its world, the headline first.

    ``cells`` are scores by scenario and metric; ``margins`` compare what was seen with what was held out, axis by axis.
    """
    part, found = _played(database, key, season, track, secret)
    by_metric = [tables.generalisation(one, [(s, e) for s, e in found if s.ranked]) for one in _counted(part)]
    return {
        "axes": list(AXES),
        "metrics": [_about(one.metric) for one in by_metric],
        "cells": [_cell(one.metric, scenario, score, found) for one in by_metric for scenario, score in one.cells],
        "margins": [_margin(one.metric, margin) for one in by_metric for margin in one.marginals if margin.pairs],
    }


def curves(database: Database, key: str, season: str, track: str, secret: str = "") -> list[Json]:
    """The robustness curves of a submission by the headline of its world, a curve for each kind of lesion of a sensor."""
    part, found = _played(database, key, season, track, secret)
    head = _counted(part)[0]
    lesions = [(s, e) for s, e in found if not s.ranked]
    whole = next((e for s, e in found if lesions and s.ranked and s.name == lesions[0][0].name.rpartition("/")[0]), [])
    if not whole:
        return []
    shown = [
        {"sensor": setting.rpartition(".")[0], "fault": setting.rpartition(".")[2], "metric": head.name, "points": _points(points)}
        for setting, points in robustness.curves(head, whole, lesions).items()
    ]
    return sorted(shown, key=lambda one: (one["sensor"], one["fault"]))


def _points(points: Sequence[robustness.Point]) -> list[Json]:
    return [{"level": point.level, **interval(point.score), "loss": interval(point.loss)} for point in points]


def _played(database: Database, key: str, season: str, track: str, secret: str) -> tuple[Part, Found]:
    """What a submission played alone in a track, scenario by scenario; the part of the season that it belongs to."""
    with database.reading() as session:
        one = session.get_one(models.Submission, key)
        part = from_json(session.get_one(models.Season, season).definition).part(one.world, one.role)
        rows = _rows(session, key)
    spec = part.spec
    found = []
    for scenario in part.alone:
        seeds = set(part.seeds(scenario, track, secret))
        found.append((scenario, [row for row in rows[scenario.key(spec)] if row.seed in seeds]))
    return part, [(scenario, episodes) for scenario, episodes in found if episodes]


def _rows(session: orm.Session, key: str) -> dict[str, list[Episode]]:
    found: dict[str, list[Episode]] = defaultdict(list)
    query = sql.select(models.Episode).where(models.Episode.submission == key, models.Episode.partner == "")
    for row in session.scalars(query.order_by(models.Episode.seed)):
        shares = {name: (share[0], share[1]) for name, share in row.shares.items()}
        found[row.scenario].append(Episode(row.seed, row.steps, shares, None, row.digest, row.fault))
    return found


def _counted(part: Part) -> list[Metric]:
    names = dict.fromkeys([part.metrics[0], *(one.metric for one in part.counted)])
    return [metric(name) for name in names]


def _about(one: Metric) -> Json:
    return {"name": one.name, "title": one.title, "unit": one.unit, "digits": one.digits, "higher_is_better": one.higher_is_better}


def _cell(one: Metric, scenario: Scenario, score: Interval, found: Iterable[tuple[Scenario, list[Episode]]]) -> Json:
    episodes = next(len(some) for other, some in found if other is scenario)
    names = {axis: getattr(scenario, axis) for axis in AXES}
    about = {"mode": scenario.mode.name, "held_out": list(scenario.held_out), "metric": one.name, "episodes": episodes}
    return {**names, **about, **interval(score)}


def _margin(one: Metric, margin: tables.Marginal) -> Json:
    sides = {name: interval(side) for name, side in (("seen", margin.seen), ("held_out", margin.held_out), ("gap", margin.gap))}
    return {"axis": margin.axis, "metric": one.name, "pairs": margin.pairs, **sides}
