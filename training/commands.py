"""``avatarium train``: from a world's name to a judged policy."""

import argparse
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from rich.console import Console

    from avatarium.training.run.checkpoint import Checkpoint
    from avatarium.training.run.outcome import Outcome
    from avatarium.training.run.plan import Plan

MODULES = ("torch", "ray.rllib", "tensorboard", "matplotlib", "onnxscript", "onnxruntime", "rich")
"""What has to be installed to train."""
INTERRUPTED = 130


class Train:
    """Train a policy for every role of a world."""

    help = "train policies in a world, then export and judge them"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("world", nargs="?", help="a world's name, or package.module:WORLD; not needed with --resume")
        add("--minutes", type=float, metavar="M", help="minutes of training (default: the recipe's)")
        add("--steps", type=int, metavar="N", help="decisions of single avatars to train for, instead of minutes")
        add("--runners", type=int, metavar="N", help="processes that play; 0: play and learn in one process (default: 0)")
        add("--learners", type=int, metavar="N", help="processes that learn together; 0: the driver learns (default: 0)")
        add("--envs", type=int, metavar="N", help="environments, over all runners (default: the recipe's)")
        add("--seed", type=int, metavar="S", help="of everything random (default: 0)")
        add("--set", action="append", default=[], metavar="SETTING=VALUE", help="a setting of the world; avatarium worlds WORLD lists them")
        add("--train", action="append", default=[], metavar="NAME=VALUE", help="a hyper-parameter; --train help lists them")
        add(
            "--mind",
            action="append",
            default=[],
            metavar="ROLE=POLICY",
            help="a policy, .zip or run that plays a role instead of learning",
        )
        add("--demos", action="append", default=[], type=Path, metavar="PATH", help="transcripts to imitate (--train algorithm=cloning)")
        add("--skip-private", action="store_true", help="with --demos: leave out recordings of persons who do not allow it")
        add("--from", dest="parent", type=Path, metavar="RUN", help="begin with the policies of another run")
        add("--out", type=Path, metavar="DIR", help="folder of the run (default: the next free runs/WORLD-N)")
        add("--resume", type=Path, metavar="RUN", help="go on with a run, in its folder, from its last checkpoint")
        add("--evaluate", type=int, default=24, metavar="N", help="episodes of the evaluation at the end; 0: none (default: 24)")
        add("--quiet", action="store_true", help="print nothing but mistakes")
        add("--cluster", metavar="ADDRESS", default="", help="train on a Ray cluster: auto, host:port of its head, or ray://host:port")
        add("--installed", action="store_true", help="with --cluster: its nodes have this Avatarium and the world; send no copy")
        add("--gpus", action="store_true", help="learners, or the driver where there are none, compute on a GPU each")
        add("--device", choices=("cpu", "cuda"), default="cpu", help="cuda: step worlds on the learners' GPUs as well (default: cpu)")
        add("--oversubscribe", action="store_true", help="let runners and learners share the CPUs of this machine when there are too few")

    def run(self, args: argparse.Namespace) -> int:
        """Train; returns 0, or 130 when interrupted."""
        for module in MODULES:
            need(module, "train")
        from avatarium.training.run import request

        if "help" in args.train:
            print(request.hyperparameters_table(args.world))
            return 0
        if args.evaluate < 0:
            raise UserError(f"--evaluate {args.evaluate} is negative: give a number of episodes, or 0 for no evaluation")
        plan, folder = (None, args.resume) if args.resume else (request.planned(args), request.folder_for(args))
        from rich.console import Console

        from avatarium.training.run import checkpoint

        console, resumed = Console(quiet=args.quiet, highlight=False), None
        if plan is None:
            resumed = checkpoint.load(folder)
            plan = request.amended(resumed.plan, args)
        return carry_out(plan, folder, resumed, args, console)


def carry_out(plan: "Plan", folder: Path, resumed: "Checkpoint | None", args: argparse.Namespace, console: "Console") -> int:
    """Train as planned, then export and judge; returns the exit code."""
    from avatarium.training.run import checkpoint, outcome, progress, request, session
    from avatarium.training.run.recipe import recipe_for

    name, where = plan.arena.name, request.machines_for(args)
    with progress.display(console, name, recipe_for(name).shown, args.quiet) as display:
        ended = session.train(plan, folder, display, resumed, where)
    if ended.interrupted:
        again = shlex.join(["avatarium", "train", "--resume", str(folder), *where.options()])
        console.print(f"stopped and saved in {ended.checkpoint}; go on with: {again}", soft_wrap=True)
        return INTERRUPTED
    say = partial(console.print, soft_wrap=True)
    report(outcome.finish(checkpoint.load(ended.checkpoint), folder, args.evaluate, say), folder, console)
    return 0


def report(found: "Outcome", folder: Path, console: "Console") -> None:
    """Print the verdict and where everything is."""
    if found.verdict:
        console.print(found.verdict, markup=False, soft_wrap=True)
    rows = [("policy", path, "avatarium submit") for path in found.policies.values()]
    rows += [("card", found.card, ""), ("curve", found.picture, ""), ("TensorBoard", folder / "tensorboard", "tensorboard --logdir")]
    rows += [("replay", found.replay, "avatarium watch")] if found.replay else []
    for name, path, command in rows:
        console.print(f"{name:<12}{path}" + (f"   ({command} {shlex.quote(str(path))})" if command else ""), soft_wrap=True)
