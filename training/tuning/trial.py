"""One trial of a search: an ordinary training run that tells Ray Tune how it goes."""

from pathlib import Path
from typing import Any

import numpy as np
from ray import tune

from avatarium.training.run import checkpoint, session
from avatarium.training.run.history import Point, read
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import recipe_for
from avatarium.training.tuning import space

SCORE, PERCENT, DECISIONS, SECONDS = "score", "percent", "decisions", "seconds"
RECENT = 0.1
"""Share of a run over whose end the score is averaged."""
STRIDE = 0.02
"""Share of a run between two reports."""


def score_of(plan: Plan) -> str:
    """What trials are compared by: the first gauge that the world's recipe shows, else the return."""
    return next(iter(recipe_for(plan.arena.name).shown), "return")


def score(points: list[Point], name: str) -> float | None:
    """Mean of ``name`` over the end of a curve; None while there is none."""
    begin = (1.0 - RECENT) * points[-1]["decisions"] if points else 0.0
    found = [point[name] for point in points if name in point and point["decisions"] >= begin]
    return float(np.mean(found)) if found else None


class Reporter:
    """A display that tells Ray Tune."""

    def __init__(self, name: str, points: list[Point]) -> None:
        self._name, self._points, self._next = name, points, STRIDE

    def show(self, done: float, point: Point) -> None:
        """Report now and then; the end is reported by ``run``, after the last checkpoint."""
        self._points.append(point)
        found = score(self._points, self._name)
        if found is not None and self._next <= done < 1.0:
            self._next = done + STRIDE
            tune.report(_told(found, 100.0 * done, point))

    def say(self, sentence: str) -> None:
        """Into the log of the trial."""
        print(sentence, flush=True)


def _told(found: float, percent: float, point: Point) -> dict[str, float]:
    return {SCORE: found, PERCENT: percent, DECISIONS: point["decisions"], SECONDS: point["seconds"]}


def run(config: dict[str, Any]) -> None:
    """Train as the plan in ``config`` says, with what was drawn for this trial; goes on where an interrupted one had come to."""
    folder = Path(str(tune.get_context().get_trial_dir()))
    plan = space.chosen(Plan.from_json(config["plan"]), config["space"])
    begun = any((folder / "checkpoints").glob("[0-9]*"))
    resumed = checkpoint.load(folder) if begun else None
    name = score_of(plan)
    before = [point for point in read(folder) if resumed and point["iteration"] <= resumed.progress.iteration]
    session.train(plan, folder, Reporter(name, before), resumed)
    points = read(folder)
    found = score(points, name)
    tune.report(_told(float("-inf") if found is None else found, 100.0, points[-1]))
