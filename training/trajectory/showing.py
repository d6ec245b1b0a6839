"""Scores as tables, and as JSON."""

import math
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from avatarium.leaderboards.show import plain
from avatarium.leaderboards.stats import Interval
from avatarium.training.trajectory.scoring import ERRORS, Score
from avatarium.training.trajectory.windows import OBSERVED, PREDICTED, PROTOCOLS

DIGITS, FINE_DIGITS = 2, 3
"""After the point, of errors and of differences between them."""


def means(scores: Sequence[Score], protocol: str, step_s: float) -> Table:
    """Everything that is measured, mean over scenes, with 95 % intervals; what is seen, predicted and counted stands above."""
    title = f"protocol {protocol}: {PROTOCOLS[protocol]}; {OBSERVED} steps of {step_s:g} s seen, {PREDICTED} predicted"
    found = plain(title)
    for head in ("model", *ERRORS, f"ADE beside {scores[0].model}"):
        found.add_column(head, no_wrap=head == "model")
    for score in scores:
        beside = cell(score.beside, FINE_DIGITS) if score is not scores[0] else ""
        found.add_row(score.model, *(cell(score.mean[name]) for name in ERRORS), beside)
    return found


def by_scene(scores: Sequence[Score], protocol: str) -> Table:
    """ADE / FDE in every scene, and their means."""
    scenes = list(scores[0].scenes)
    found = plain(f"protocol {protocol}, ADE / FDE in m, scene by scene")
    for head in ("model", *scenes, "mean"):
        found.add_column(head, no_wrap=True)
    for score in scores:
        each = [(score.scenes[scene]["ADE"], score.scenes[scene]["FDE"]) for scene in scenes]
        each.append((score.mean["ADE"].value, score.mean["FDE"].value))
        found.add_row(score.model, *(f"{ade:.{DIGITS}f} / {fde:.{DIGITS}f}" for ade, fde in each))
    return found


def cell(interval: Interval, digits: int = DIGITS) -> str:
    """A value with its interval; nothing where there is none."""
    if math.isnan(interval.value):
        return ""
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def as_json(scores: Sequence[Score], protocol: str, step_s: float, collisions: float) -> dict[str, Any]:
    """For programs; ``collisions`` is the share of true paths that collide."""
    return {
        "protocol": protocol,
        "step_s": step_s,
        "true_collisions": _number(collisions),
        "models": [
            {
                "model": score.model,
                "rows": score.rows,
                "ade_beside_first": _triple(score.beside),
                "mean": {name: _triple(interval) for name, interval in score.mean.items()},
                "scenes": {scene: {name: _number(value) for name, value in found.items()} for scene, found in score.scenes.items()},
            }
            for score in scores
        ],
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _triple(interval: Interval) -> list[float] | None:
    return None if math.isnan(interval.value) else [interval.value, interval.low, interval.high]
