"""Running a study: every contestant from every seed, each in a folder of its own, one after the other, with a way to go on later."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from avatarium.leaderboards.evaluate import evaluate
from avatarium.training.run import checkpoint, history, outcome, session
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.training.run.history import Point
from avatarium.training.run.plan import Plan
from avatarium.training.run.progress import Display
from avatarium.training.studies import elsewhere
from avatarium.training.studies.file import DEMONSTRATIONS, Contestant, Part, Study, run_folder
from avatarium.training.studies.judging import judge
from avatarium.worlds.core.errors import UserError

JUDGED = "judged.json"
END = 0.1
"""Share of a run, at its end, over which gauges are averaged."""
FIRST_SEED = 700_000_000
"""Episodes of demonstrations are seeded from here on."""


@dataclass(frozen=True)
class Task:
    """One run of a study."""

    part: Part
    contestant: Contestant
    seed: int
    folder: Path
    """Of the part."""

    @property
    def run(self) -> Path:
        """The folder of the run."""
        return run_folder(self.folder, self.contestant.label, self.seed)

    @property
    def plan(self) -> Plan:
        """What is to be done."""
        return self.contestant.planned(self.folder, self.seed)

    def __str__(self) -> str:
        return f"{self.part.name}/{self.contestant.label}/{self.seed}"


@dataclass(frozen=True)
class Run:
    """A finished run: its curve, and what was measured at its end."""

    points: list[Point]
    values: dict[str, float]


def tasks(study: Study, seeds: int, out: Path, only: tuple[str, ...]) -> list[Task]:
    """All runs, seed by seed; ``only`` names parts, contestants, part/contestant, or part/contestant/seed: these, and those that
    they begin with.

    Raises UserError when it names nothing.
    """
    found = [
        Task(part, contestant, seed, out / part.name) for seed in range(seeds) for part in study.parts for contestant in part.contestants
    ]
    known = {name for task in found for name in _names(task)}
    for name in only:
        if name not in known:
            listed = ", ".join(sorted(known - {str(task) for task in found}))
            raise UserError(f"{study.name} has no {name!r}: its parts and contestants are {listed}")
    wanted = [task for task in found if not only or set(only) & _names(task)]
    while more := [task for task in found if task not in wanted and any(_begins_with(other, task) for other in wanted)]:
        wanted += more
    return [task for task in found if task in wanted]


def _begins_with(task: Task, other: Task) -> bool:
    return (task.part, task.seed, task.contestant.parent) == (other.part, other.seed, other.contestant.label)


def _names(task: Task) -> set[str]:
    part, label = task.part.name, task.contestant.label
    return {part, label, f"{part}/{label}", str(task)}


def begun(task: Task) -> Checkpoint | None:
    """Its last checkpoint, if any. Raises UserError when what lies in its folder is another run."""
    if not (task.run / "checkpoints").is_dir() or not any((task.run / "checkpoints").glob("[0-9]*")):
        return None
    found = checkpoint.load(task.run)
    if replace(found.plan, demos=(), parent="", data=()) != replace(task.plan, demos=(), parent=""):
        raise UserError(f"{task.run} was trained otherwise than {task} is to be: choose another --out, or remove it")
    return found


def finished(task: Task) -> bool:
    """Whether nothing is left to do."""
    found = begun(task)
    done = found is not None and found.plan.done(found.progress.seconds, found.progress.decisions) >= 1.0
    done |= bool(task.contestant.library) and elsewhere.finished(task.run)
    return done and (not task.part.judging or judged(task.run).keys() >= set(task.part.measured[len(task.part.gauges) :]))


def told(task: Task) -> bool:
    """Whether a report on other runs tells of this one as well: it is finished, and was trained as the study says now."""
    try:
        return finished(task)
    except UserError:
        return False


def carry_out(task: Task, display: Display) -> bool:
    """Train, or go on training, and judge; returns whether it was interrupted."""
    found, plan = begun(task), task.plan
    if task.contestant.library:
        _judge(task, elsewhere.trained(plan, task.run), {next(iter(plan.arena.roles)): task.run / elsewhere.POLICY})
        return False
    if found is None or found.plan.done(found.progress.seconds, found.progress.decisions) < 1.0:
        if task.contestant.teacher and found is None:
            _demonstrate(task)
        ended = session.train(plan, task.run, display, found)
        if ended.interrupted:
            return True
        found = checkpoint.load(ended.checkpoint)
    if task.part.judging:
        _judge(task, found, outcome.finish(found, task.run, 0, lambda text: None).policies)
    return False


def _judge(task: Task, found: Checkpoint, policies: dict[str, Path]) -> None:
    values = {name: value for wanted in task.part.judging for name, value in judge(found, task.run, wanted, policies).items()}
    (task.run / JUDGED).write_text(json.dumps(values, indent=1) + "\n")


def judged(run: Path) -> dict[str, float]:
    """What came of a run's policies in play, by measure; nothing before they were judged."""
    return json.loads((run / JUDGED).read_text()) if (run / JUDGED).is_file() else {}


def _demonstrate(task: Task) -> None:
    """Let the teacher play what is to be imitated, unless it has."""
    plan, teacher, folder = task.plan, task.contestant.teacher, task.folder / DEMONSTRATIONS
    if len(list((folder / teacher).glob("*.avt"))) < task.contestant.shown:
        role, *others = plan.arena.roles
        seeds = range(FIRST_SEED, FIRST_SEED + task.contestant.shown)
        evaluate(plan.world, {teacher: teacher}, seeds, plan.settings, folder, role, others=dict.fromkeys(others, teacher))


def results(done: list[Task]) -> Iterator[tuple[Task, Run]]:
    """What finished runs found."""
    for task in done:
        points = history.read(task.run)
        values = {name: at_end(points, name) for name in task.part.gauges} | {"seconds": points[-1]["seconds"]} | judged(task.run)
        yield task, Run(points, values)


def at_end(points: list[Point], name: str) -> float:
    """Mean of a gauge over the last tenth of a run's decisions; NaN when it has none."""
    begin = (1.0 - END) * points[-1]["decisions"]
    values = [point[name] for point in points if name in point]
    late = [point[name] for point in points if name in point and point["decisions"] >= begin]
    return float(np.mean(late or values[-1:])) if values else float("nan")
