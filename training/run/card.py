"""What there is to know of a run's policies, on a page: how they learnt, how they did, what nobody has asked them."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from avatarium.leaderboards import show
from avatarium.leaderboards.evaluate import Result
from avatarium.leaderboards.metrics import metric
from avatarium.training.run import request
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.training.run.plan import Plan, versions
from avatarium.training.run.recipe import Hyperparameters, differences

UNTOLD = ("minutes", "envs", "checkpoint_minutes", "learner_threads")
"""Hyper-parameters that say how long and on what machine, not what was learnt."""


def write(path: Path, found: Checkpoint, policies: dict[str, Path], verdicts: Sequence[tuple[str, list[Result]]]) -> Path:
    """Write the card of a finished run, whose curve lies beside it, as Markdown; returns its path.

    ``verdicts`` are the kinds of levels and what came out there.
    """
    here = found.plan.arena
    lines = [f"# {path.resolve().parent.name}", "", f"For {here.name} version {here.version}: {_named(policies)}.", ""]
    lines += ["![Learning curve](curve.png)", "", "## How it did", *(_scores(verdicts) if verdicts else _unjudged(found.plan, policies))]
    lines += ["", "## How it was trained", "```sh", request.command(found.plan), "```", *facts(found), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _named(policies: dict[str, Path]) -> str:
    return ", ".join(f"`{path.name}` for the role {role}" for role, path in policies.items())


def _unjudged(plan: Plan, policies: dict[str, Path]) -> list[str]:
    if plan.arena.spec is None:
        return ["", "It was not judged: only Avatarium's own kind of world can be."]
    settings = [word for name, value in plan.settings.items() for word in ("--set", f"{name}={value}")]
    commands = [shlex.join(["avatarium", "evaluate", plan.world, path.name, *settings]) for path in policies.values()]
    return ["", *(f"It was not judged: `{command}` compares it with others." for command in commands)]


def _scores(verdicts: Sequence[tuple[str, list[Result]]]) -> list[str]:
    """Tables, what their columns mean, and what they say nothing about."""
    lines = []
    for levels, results in verdicts:
        heading = f"{results[0].role}, {levels} levels, {len(results[0].episodes)} episodes that training has not seen"
        lines += ["", f"{heading}; means with 95 % intervals:", "", show.markdown(show.results(results, everything=True))]
    metrics = [metric(name) for name in dict.fromkeys(name for _, results in verdicts for name in results[0].scores)]
    lines += ["", *(f"- {m.title} ({m.unit}): {m.meaning}" for m in metrics)]
    untried = "Each had all seats of its role, under the settings of training. How it does in other company is not told by this"
    return [*lines, "", f"{untried}: `avatarium submit` plays all scenarios of the world."]


def facts(found: Checkpoint) -> list[str]:
    """What it learnt from and with, a line each."""
    progress, unusual = found.progress, differences(found.plan.hyperparameters, Hyperparameters())
    other = [f"{name}={value}" for name, value in unusual.items() if name not in UNTOLD]
    networks = {role: sum(part.numel() for part in found.network(role).parameters()) for role in found.roles}
    facts = {
        "experience": f"{progress.decisions:,} decisions in {progress.seconds / 60:.1f} minutes and {progress.iteration:,} updates",
        "networks": ", ".join(f"{found.plan.hyperparameters.network} for {role} ({size:,} parameters)" for role, size in networks.items()),
        "hyper-parameters": ", ".join([*other, "the others have their defaults" if other else "their defaults"]),
        "settings of the world": ", ".join(f"{name}={value}" for name, value in found.plan.settings.items()) or "its defaults",
        "other roles": ", ".join(f"{role} is played by {mind}" for role, mind in found.plan.minds.items()),
        "recordings that it was shown": ", ".join(found.plan.data),
        "libraries": ", ".join(f"{name} {version}" for name, version in versions().items()),
    }
    return ["", *(f"- {name}: {fact}" for name, fact in facts.items() if fact)]
