"""The generalisation table: how a policy does in places, among people and under customs that nobody may have trained with.

A gap between what was seen and what was held out is taken between scenarios that differ in nothing else, and seed by seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatarium.leaderboards import paired
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.metrics import Metric
from avatarium.leaderboards.scenarios import AXES, Scenario
from avatarium.leaderboards.stats import Interval


@dataclass(frozen=True)
class Marginal:
    """One axis: the mean over scenarios on either side of it, and how much is lost."""

    axis: str
    seen: Interval
    held_out: Interval
    gap: Interval
    """Seen less held-out; above nothing where what was seen is done better and higher is better."""
    pairs: int
    """Groups of scenarios that differ in this axis alone; 0 where there are none, and then no gap."""


@dataclass(frozen=True)
class Table:
    """The scores of one policy by one metric."""

    metric: Metric
    cells: list[tuple[Scenario, Interval]]
    marginals: list[Marginal]


def generalisation(metric: Metric, found: Sequence[tuple[Scenario, Sequence[Episode]]]) -> Table:
    """The table of a policy from its episodes by scenario."""
    scenarios = [scenario for scenario, _ in found]
    scores = paired.drawn([paired.shares(metric, episodes) for _, episodes in found])
    cells = [(scenario, paired.interval(column)) for scenario, column in zip(scenarios, scores.T, strict=True)]
    return Table(metric, cells, [_marginal(axis, scenarios, scores) for axis in AXES])


def _marginal(axis: str, scenarios: Sequence[Scenario], scores: np.ndarray) -> Marginal:
    groups: dict[tuple[str, ...], tuple[list[int], list[int]]] = {}
    for k, scenario in enumerate(scenarios):
        rest = (*(getattr(scenario, other) for other in AXES if other != axis), scenario.mode.name, str(scenario.lesion))
        groups.setdefault(rest, ([], []))[axis in scenario.held_out].append(k)
    both = [sides for sides in groups.values() if all(sides)]
    if not both:
        nothing = Interval(float("nan"), float("nan"), float("nan"))
        return Marginal(axis, nothing, nothing, nothing, 0)
    seen, held_out = (np.column_stack([paired.mean(scores[:, sides[k]]) for sides in both]) for k in (0, 1))
    means = [paired.interval(paired.mean(side)) for side in (seen, held_out, seen - held_out)]
    return Marginal(axis, means[0], means[1], means[2], len(both))
