"""Trained policies join the population of their world: the archive, and a card that says where it comes from and how well it does."""

import math
from pathlib import Path

from avatarium.leaderboards.metrics import metric
from avatarium.training.run import card, checkpoint, export, request
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.training.studies.file import Part
from avatarium.training.studies.running import Task, judged


def publish(done: list[Task], populations: Path) -> list[Path]:
    """Put the policies that studies name for publishing into the folder of their world below ``populations``; returns the archives."""
    archives = []
    for task in done:
        name = task.part.publish.get(task.contestant.label)
        if name:
            found = checkpoint.load(task.run)
            names = {role: f"{name}-{task.seed + 1}" if len(found.roles) == 1 else f"{role}-{name}-{task.seed + 1}" for role in found.roles}
            folder = populations / found.plan.arena.name
            folder.mkdir(parents=True, exist_ok=True)
            for role, kind in found.roles.items():
                archives.append(export.write_policy(folder / f"{names[role]}.zip", found, kind, names[role]))
                beside = [other for key, other in names.items() if key != role]
                (folder / f"{names[role]}.md").write_text(page(task, found, names[role], beside), encoding="utf-8")
    return archives


def page(task: Task, found: Checkpoint, name: str, beside: list[str]) -> str:
    """The card of one policy as Markdown; its first line of text is what lists show."""
    h, world = found.plan.hyperparameters, found.plan.arena.name
    how = f"Learned by {h.algorithm.upper()} with {'an LSTM' if h.network == 'lstm' else 'a GRU' if h.network == 'gru' else 'an MLP'}"
    company = f", beside {' and '.join(beside)}" if beside else ""
    lines = [f"# {world}/{name}", "", f"{how} from seed {found.plan.seed}{company}.", ""]
    lines += ["## How it does", *scores(task.part, judged(task.run)), ""]
    lines += ["## How it was trained", "```sh", request.command(found.plan), "```", *card.facts(found), ""]
    return "\n".join(lines)


def scores(part: Part, values: dict[str, float]) -> list[str]:
    """A line per judge and metric."""
    lines = []
    for judge in part.judging:
        shown = [(metric(name), values[judge.called(name)]) for name in _metrics(judge.called(""), values)]
        told = ", ".join(f"{m.title} {value:.{m.digits}f}" for m, value in shown if not math.isnan(value))
        lines.append(f"- {judge}: {told}")
    return lines


def _metrics(lead: str, values: dict[str, float]) -> list[str]:
    """Names of the metrics among ``values`` that a judge with this lead gave."""
    return [name.removeprefix(f"{lead}/") for name in values if name.startswith(f"{lead}/") and "/" not in name.removeprefix(f"{lead}/")]
