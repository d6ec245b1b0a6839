"""From the words of a command line to a plan and a folder."""

import ast
import shlex
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import Any

from avatarium.training.cluster.machines import Machines
from avatarium.training.play import arena
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters, differences, recipe_for
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError

RUNS = Path("runs")
FIXED = ("network", "hidden", "layers", "units", "algorithm", "curiosity", "shared", "league", "foresight")
"""Hyper-parameters that decide which networks there are, and what of."""

UNCHANGING = ("set", "seed", "out", "mind", "demos", "parent")
"""What cannot be given again when a run is resumed."""


def planned(args: Namespace) -> Plan:
    """The plan of a new run. Raises UserError when something in ``args`` does not exist or does not fit."""
    if not args.world:
        raise UserError("which world? avatarium worlds lists them; or give --resume RUN")
    foreign = arena.is_foreign(args.world)
    given = literals(args.set) if foreign else settings.parse_overrides(args.set, discovery.spec(args.world).config)
    found = arena.find(args.world, given)
    own = asdict(recipe_for(found.name).hyperparameters_on(args.device))
    return _checked(
        Plan(
            world=found.address,
            settings=given,
            hyperparameters=settings.build(Hyperparameters, own | _wishes(args)),
            seed=args.seed or 0,
            runners=args.runners or 0,
            learners=args.learners or 0,
            steps=args.steps or 0,
            minds=dict(_mind(text) for text in args.mind),
            demos=tuple(map(str, args.demos)),
            parent=str(args.parent or ""),
            skip_private=args.skip_private,
        ),
        args,
    )


def literals(texts: list[str]) -> dict[str, Any]:
    """Arguments for a world of others, whose types nobody knows: ``N=3`` is a number, ``mode=fast`` a text."""
    found: dict[str, Any] = {}
    for text in texts:
        name, word = settings.pair(text)
        try:
            found[name] = ast.literal_eval(word)
        except (ValueError, SyntaxError):
            found[name] = word
    return found


def _mind(text: str) -> tuple[str, str]:
    """A role and who plays it; files and folders in full, because runners and later runs may look from elsewhere."""
    role, mind = settings.pair(text)
    return role, str(Path(mind).resolve()) if mind.endswith(".zip") or Path(mind).is_dir() else mind


def amended(plan: Plan, args: Namespace) -> Plan:
    """The plan of a resumed run: how long, how fast and how it learns may change, what it learns may not."""
    given = [f"--{'from' if name == 'parent' else name}" for name in UNCHANGING if getattr(args, name) not in (None, [])]
    if given:
        raise UserError(f"{given[0]} cannot be changed when a run is resumed: leave it out, or start a new run")
    if args.world and args.world != plan.world:
        raise UserError(f"{args.resume} is a run in {plan.world}, not in {args.world}")
    wishes = _wishes(args)
    for name in FIXED:
        if wishes.get(name, getattr(plan.hyperparameters, name)) != getattr(plan.hyperparameters, name):
            raise UserError(f"{name} cannot be changed when a run is resumed: it began with {getattr(plan.hyperparameters, name)!r}")
    steps = args.steps or (0 if args.minutes else plan.steps)
    runners = plan.runners if args.runners is None else args.runners
    learners = plan.learners if args.learners is None else args.learners
    hyperparameters = settings.build(Hyperparameters, asdict(plan.hyperparameters) | wishes)
    skip_private = plan.skip_private or args.skip_private
    changed = replace(plan, hyperparameters=hyperparameters, runners=runners, learners=learners, steps=steps, skip_private=skip_private)
    return _checked(changed, args)


def _wishes(args: Namespace) -> dict[str, Any]:
    """Hyper-parameters that were asked for, by their own options or by --train."""
    wishes = settings.parse_overrides(args.train, Hyperparameters)
    return wishes | {name: getattr(args, name) for name in ("minutes", "envs") if getattr(args, name) is not None}


def _checked(plan: Plan, args: Namespace) -> Plan:
    if args.minutes is not None and args.steps is not None:
        raise UserError("--minutes and --steps both say how long: give one of them")
    if args.steps is not None and args.steps < 1:
        raise UserError(f"--steps {args.steps} has to be at least 1")
    plan.check()
    return plan


def command(plan: Plan, asked: Mapping[str, object] | None = None) -> str:
    """The command line that leads to the plan; ``asked`` are the hyper-parameters to ask for, else all that differ from the recipe's."""
    if asked is None:
        asked = differences(plan.hyperparameters, recipe_for(plan.arena.name).hyperparameters)
    words = ["avatarium", "train", plan.world]
    for name, value in (("steps", plan.steps), ("seed", plan.seed), ("runners", plan.runners), ("learners", plan.learners)):
        words += [f"--{name}", str(value)] if value else []
    for option, pairs in (("--set", plan.settings), ("--mind", plan.minds), ("--train", asked)):
        words += [word for name, value in pairs.items() for word in (option, f"{name}={value}")]
    words += [word for path in plan.demos for word in ("--demos", path)]
    words += ["--skip-private"] if plan.skip_private else []
    return shlex.join([*words, *(["--from", plan.parent] if plan.parent else [])])


def machines_for(args: Namespace) -> Machines:
    """Where to train. Raises UserError when options do not go together."""
    if args.installed and not args.cluster:
        raise UserError("--installed speaks of the nodes of a cluster: give --cluster ADDRESS as well, or leave it out")
    if args.oversubscribe and args.cluster:
        raise UserError("--oversubscribe is for this machine alone: start nodes with more CPUs (ray start --num-cpus), or leave it out")
    return Machines(args.cluster, args.installed, args.oversubscribe, args.gpus, args.device)


def folder_for(args: Namespace) -> Path:
    """Where a new run goes: ``--out``, which must not hold anything yet, or the next free ``runs/WORLD-N``."""
    if args.out is None:
        name = arena.find(args.world, literals(args.set) if arena.is_foreign(args.world) else {}).name
        return next(path for n in count(1) if not (path := RUNS / f"{name}-{n}").exists())
    folder: Path = args.out
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not an empty folder: choose another --out, or go on with --resume {folder}")
    return folder


def hyperparameters_table(world: str | None) -> str:
    """The hyper-parameters as Markdown, with the defaults of the world's recipe."""
    usual = Hyperparameters()
    own = recipe_for(arena.find(world).name).hyperparameters if world else usual
    other = [f"{name}={value}" for name, value in differences(own, usual).items()]
    recipe = [f"The recipe of {world} sets {', '.join(other)}."] if other else []
    return "\n\n".join([settings.table(Hyperparameters), *recipe])
