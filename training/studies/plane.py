"""Contestants as points between two measures, beside a cloud of policies that do the same whatever they see."""

import json
from itertools import groupby, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from avatarium.agents.policy import Policy
from avatarium.agents.scripted import Rule
from avatarium.leaderboards.evaluate import evaluate
from avatarium.leaderboards.metrics import metric
from avatarium.training.run import outcome
from avatarium.training.run.plan import Plan
from avatarium.training.studies.file import Part, Plane
from avatarium.training.studies.picture import COLOURS
from avatarium.training.studies.summary import Chapter, Entry
from avatarium.worlds.core.errors import UserError

EPISODES = 16
"""That each policy of a cloud plays."""
CLOUD = "cloud.json"


def draw(chapter: Chapter, plane: Plane, out: Path) -> Path:
    """A PNG called like the part, with a point per contestant, its mean over seeds; those called NAME-SOMETHING are joined."""
    figure = Figure(figsize=(6.4, 4.6), dpi=110, layout="constrained")
    axis = figure.subplots()
    axis.grid(True, color="#dddddd", linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)
    if plane.grid:
        xs, ys = np.array(cloud(chapter.part, plane, out / chapter.part.name)).T
        axis.scatter(xs, ys, s=12, color="#bbbbbb", label="controls that never change")
    shown = [entry for entry in chapter.entries if {plane.x, plane.y} <= entry.findings.keys()]
    for k, (name, entries) in enumerate(groupby(shown, key=lambda entry: entry.label.partition("-")[0])):
        _line(axis, name, [(entry, *_place(entry, plane)) for entry in entries], COLOURS[k % len(COLOURS)])
    axis.set_xlabel(_called(plane.x))
    axis.set_ylabel(_called(plane.y))
    axis.set_title(chapter.part.name)
    axis.legend(frameon=False, fontsize="small")
    path = out / f"{chapter.part.name}.png"
    figure.savefig(path)
    return path


def _place(entry: Entry, plane: Plane) -> tuple[float, float]:
    return entry.findings[plane.x].mean.value, entry.findings[plane.y].mean.value


def _called(measure: str) -> str:
    """What an axis is called: a metric by its title and unit."""
    lead, _, name = measure.rpartition("/")
    return f"{metric(name).title} ({metric(name).unit})" if lead.startswith("judged") else name


def _line(axis: Any, name: str, points: list[tuple[Entry, float, float]], colour: str) -> None:
    axis.plot([x for _, x, _ in points], [y for _, _, y in points], "o-", color=colour, label=name, markersize=5, linewidth=1.5)
    for entry, x, y in points:
        axis.annotate(
            entry.label.partition("-")[2].replace("_", "."), (x, y), xytext=(4, 4), textcoords="offset points", fontsize=7, color=colour
        )


def cloud(part: Part, plane: Plane, folder: Path) -> list[list[float]]:
    """Where policies lie that do the same whatever they see, under the settings of the first contestant; kept in ``folder``.

    Raises UserError for roles without continuous controls, and for measures that are not of the world's metrics.
    """
    if (folder / CLOUD).is_file():
        found: list[list[float]] = json.loads((folder / CLOUD).read_text())
        return found
    plan, metrics = part.contestants[0].plan, [name.rpartition("/")[2] for name in (plane.x, plane.y)]
    config = plan.settings | ({"split": part.judging[0].split} if part.judging and part.judging[0].split else {})
    seeds = range(outcome.FIRST_SEED, outcome.FIRST_SEED + EPISODES)
    with TemporaryDirectory() as place:
        results = evaluate(plan.world, _constant(plan, plane.grid), seeds, config, Path(place))
    if unknown := [name for name in metrics if name not in results[0].scores]:
        raise UserError(f"{plan.arena.name} is not judged by {unknown[0]!r}, so that there is no cloud: leave out grid")
    found = [[float(result.scores[name].value) for name in metrics] for result in results]
    found = [point for point in found if np.isfinite(point).all()]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CLOUD).write_text(json.dumps(found) + "\n")
    return found


def _constant(plan: Plan, grid: int) -> dict[str, Policy | str]:
    """Policies by name, so many values of each control."""
    role = next(iter(plan.arena.roles.values()))
    if not role.continuous:
        raise UserError(f"a {role.name} has no continuous controls, so that there is no cloud: leave out grid")
    side = 2.0 * (np.arange(grid) + 1) / (grid + 1) - 1.0
    points = [np.asarray(role.stretched(np.array(point)), np.float32) for point in product(side, repeat=len(role.continuous))]
    return {"-".join(f"{value:.3g}" for value in point): Rule("constant", _always(point)) for point in points}


def _always(point: np.ndarray) -> Any:
    return lambda observation, keys: np.tile(point, (len(observation), 1))
