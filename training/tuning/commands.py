"""``avatarium tune``: look for hyper-parameters that train better."""

import argparse
import json
import shlex
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatarium.training.commands import INTERRUPTED, MODULES
from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from avatarium.training.run.plan import Plan
    from avatarium.training.tuning.search import Search, Tried

NEW = ("world", "samples", "steps", "minutes", "seed", "runners", "envs", "at_once", "out", "space", "set", "train")
"""What only a new search is told."""
SAMPLES = 12
UNSAID = ("learner_threads",)
"""What trials are told because they share a machine."""


class Tune:
    """Search for hyper-parameters."""

    help = "try many hyper-parameters in a world, stop bad trials early, and tell the best ones"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("world", nargs="?", help="a world's name, or package.module:WORLD; not needed with --resume")
        add("--samples", type=int, metavar="N", help=f"how many trials (default: {SAMPLES})")
        add("--minutes", type=float, metavar="M", help="minutes of training of a trial that is not stopped (default: the recipe's)")
        add("--steps", type=int, metavar="N", help="decisions of single avatars to train a trial for, instead of minutes")
        add(
            "--space",
            action="append",
            default=[],
            metavar="NAME=VALUES",
            help="a hyper-parameter to search: low..high or a,b,c (default: learning rate, entropy, discounts, clipping and batches)",
        )
        add("--set", action="append", default=[], metavar="SETTING=VALUE", help="a setting of the world")
        add("--train", action="append", default=[], metavar="NAME=VALUE", help="a hyper-parameter that all trials share")
        add("--seed", type=int, metavar="S", help="of what is drawn and of every trial (default: 0)")
        add("--envs", type=int, metavar="N", help="environments of a trial (default: the recipe's)")
        add("--runners", type=int, metavar="N", help="processes that play, per trial (default: 0, all in one)")
        add("--at-once", type=int, metavar="N", help="trials at the same time (default: as many as there are CPUs for)")
        add("--out", type=Path, metavar="DIR", help="folder of the search (default: the next free runs/tune-WORLD-N)")
        add("--resume", type=Path, metavar="DIR", help="go on with a search that was interrupted")
        add("--quiet", action="store_true", help="print nothing but mistakes")
        parser.set_defaults(learners=None, mind=[], demos=[], skip_private=False, parent=None, device="cpu")

    def run(self, args: argparse.Namespace) -> int:
        """Search; returns 0, or 130 when interrupted."""
        for module in (*MODULES, "pandas", "pyarrow"):
            need(module, "train")
        from avatarium.training.tuning.search import Search, search

        if args.resume:
            given = [name for name in NEW if getattr(args, name) not in (None, [])]
            if given:
                name = given[0] if given[0] == "world" else f"--{given[0].replace('_', '-')}"
                raise UserError(f"{name} cannot be changed when a search is resumed: leave it out, or start a new one")
            wanted = Search.load(args.resume)
        else:
            wanted = asked(args)
            wanted.save()
        tried = search(wanted, resumed=args.resume is not None, quiet=args.quiet)
        page = report(wanted, tried)
        whole = len(tried) == wanted.samples and all(one.fault or one.percent for one in tried)
        if not args.quiet:
            print(page)
            if not whole:
                print(f"stopped; go on with: {shlex.join(['avatarium', 'tune', '--resume', str(wanted.folder)])}")
        return 0 if whole else INTERRUPTED


def asked(args: argparse.Namespace) -> "Search":
    """The search that the arguments ask for. Raises UserError."""
    from avatarium.training.run import request
    from avatarium.training.tuning import space
    from avatarium.training.tuning.search import Search

    if args.samples is not None and args.samples < 1:
        raise UserError(f"--samples {args.samples} has to be at least 1")
    if args.at_once is not None and args.at_once < 1:
        raise UserError(f"--at-once {args.at_once} has to be at least 1")
    plan = request.planned(args)
    if not plan.hyperparameters.learner_threads:  # trials share the machine
        plan = replace(plan, hyperparameters=replace(plan.hyperparameters, learner_threads=1))
    wanted = space.read(args.space) or space.default(plan.hyperparameters)
    space.check(plan, wanted)
    if args.out is None:
        folder = next(path for n in count(1) if not (path := request.RUNS / f"tune-{plan.arena.name}-{n}").exists())
    else:
        folder = request.folder_for(args)
    return Search(plan, wanted, args.samples or SAMPLES, args.at_once or 0, folder)


def report(wanted: "Search", tried: "list[Tried]") -> str:
    """Write trials.md, trials.json and best.json; returns what to print."""
    from avatarium.training.tuning.search import as_json

    ranked = sorted(tried, key=lambda one: (one.score is not None, one.percent >= 100.0, one.score or 0.0), reverse=True)
    lines = table(wanted, ranked)
    (wanted.folder / "trials.json").write_text(json.dumps(as_json(tried), indent=1) + "\n")
    if ranked and ranked[0].score is not None:
        best = command(wanted.plan, ranked[0].values)
        told = {wanted.score: ranked[0].score, "train": ranked[0].values, "command": best, "trial": ranked[0].number}
        (wanted.folder / "best.json").write_text(json.dumps(told, indent=1) + "\n")
        lines += ["", f"best: {best}"]
    page = "\n".join(lines)
    (wanted.folder / "trials.md").write_text(page + "\n")
    return page


def table(wanted: "Search", ranked: "list[Tried]") -> list[str]:
    """The trials as a table in Markdown, the best first."""
    names = [one.name for one in wanted.space]
    rows = [["trial", wanted.score, "trained", *names]]
    for one in ranked:
        score = one.fault or ("-" if one.score is None else f"{one.score:.4g}")
        rows.append([str(one.number), score, f"{one.percent:.0f} %", *(_short(one.values[name]) for name in names)])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["| " + " | ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def command(plan: "Plan", values: dict[str, Any]) -> str:
    """How to train with these hyper-parameters beside those of the plan."""
    from avatarium.training.run import request
    from avatarium.training.run.recipe import differences, recipe_for

    own = recipe_for(plan.arena.name).hyperparameters
    asked = {name: value for name, value in differences(plan.hyperparameters, own).items() if name not in UNSAID}
    return request.command(plan, {name: _short(value) for name, value in (asked | values).items()})
