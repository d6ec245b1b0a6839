"""What background people gain or lose by a policy: they play the same seeds once more with one of their own in its place."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from avatarium.leaderboards.block import play_background
from avatarium.leaderboards.board import Row, played
from avatarium.leaderboards.externality import Externality, externality
from avatarium.leaderboards.judge import Court
from avatarium.leaderboards.metrics import Metric
from avatarium.leaderboards.scenarios import Scenario
from avatarium.leaderboards.show import cell, plain


class Effect(NamedTuple):
    """One scenario with background people in the judged role, by one metric."""

    scenario: Scenario
    metric: Metric
    found: Externality


def effects(row: Row, where: Court, metric: Metric, progress: Callable[[int], None] = lambda episodes: None) -> list[Effect]:
    """Play what the scenarios of a policy would have been without it, and compare; nothing in a world without background people."""
    shared = [(scenario, episodes) for scenario, episodes in played(row, where) if any(e.background for e in episodes)]
    found = []
    for scenario, episodes in shared:
        with tempfile.TemporaryDirectory(prefix="avatarium-company-") as folder:
            alone = play_background(scenario, where.spec, where.role, scenario.seeds(where.episodes), Path(folder))
        found.append(Effect(scenario, metric, externality(metric, episodes, alone)))
        progress(len(episodes))
    return found


def table(name: str, found: list[Effect]) -> Table:
    """The effects by scenario."""
    metric = found[0].metric
    shown = plain(f"{metric.title} of those around {name}, and what it makes of that")
    for heading in ("scenario", name, "the others beside it", "the others among themselves", "difference"):
        shown.add_column(heading)
    for one in found:
        told = (one.found.focal, one.found.background, one.found.alone, one.found.effect)
        shown.add_row(one.scenario.name, *(cell(score, metric) for score in told))
    return shown
