"""Robustness curves: what becomes of a score when a sensor gets noisy, late or silent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avatarium.leaderboards import paired
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.metrics import Metric
from avatarium.leaderboards.scenarios import Scenario
from avatarium.leaderboards.stats import Interval


@dataclass(frozen=True)
class Point:
    """One level of a lesion; the first point of a curve is the sensor as it should be, level 0."""

    level: float
    score: Interval
    loss: Interval
    """Score without the lesion less this one, seed by seed."""


def curves(metric: Metric, whole: Sequence[Episode], lesions: Sequence[tuple[Scenario, Sequence[Episode]]]) -> Mapping[str, list[Point]]:
    """By setting, such as ``rays.noise``, the points of a policy's curve, from its episodes without a lesion and at each level."""
    scores = paired.drawn([paired.shares(metric, episodes) for episodes in (whole, *(e for _, e in lesions))])
    found: dict[str, list[Point]] = {}
    for column, (scenario, _) in zip(scores.T[1:], lesions, strict=True):
        if scenario.lesion is not None:
            setting, level = scenario.lesion
            begin = [Point(0.0, paired.interval(scores[:, 0]), Interval(0.0, 0.0, 0.0))]
            found.setdefault(setting, begin).append(Point(level, paired.interval(column), paired.interval(scores[:, 0] - column)))
    return {setting: sorted(points, key=lambda point: point.level) for setting, points in found.items()}
