"""``avatarium study``: answer a question about learning with many runs."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.training.commands import INTERRUPTED, MODULES
from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from rich.console import Console

    from avatarium.training.studies.file import Study as Asked
    from avatarium.training.studies.running import Task


class Study:
    """Train contestants from several seeds and compare them."""

    help = "train several ways to learn from several seeds, and compare them: curves, tables, and whether what was expected came true"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("study", nargs="?", help="a study's name, or a file ending in .toml; without it, all studies are listed")
        add("--seeds", type=int, metavar="N", help="seeds per contestant (default: the study's)")
        add("--steps", type=int, metavar="N", help="decisions of each run, instead of what the study says")
        add("--minutes", type=float, metavar="M", help="minutes of each run, instead of what the study says")
        what = "run only these parts, contestants, PART/CONTESTANT, or PART/CONTESTANT/SEED"
        add("--only", action="extend", nargs="+", default=[], metavar="NAME", help=what)
        add("--out", type=Path, metavar="DIR", help="where to; what is done there is not done again (default: runs/study-NAME)")
        add(
            "--publish",
            type=Path,
            metavar="DIR",
            help="put the policies that the study names into this folder of populations",
        )
        add("--quiet", action="store_true", help="print nothing but mistakes")

    def run(self, args: argparse.Namespace) -> int:
        """Run what is not done yet, then report; returns 0, or 130 when interrupted."""
        for module in (*MODULES, "scipy"):
            need(module, "train")
        from rich.console import Console

        from avatarium.training.studies import file, running

        if args.study is None:
            for name in file.names():
                print(f"{name:<14}{file.read(name).question}")
            return 0
        if args.seeds is not None and args.seeds < 1:
            raise UserError(f"--seeds {args.seeds} has to be at least 1")
        if args.steps is not None and args.minutes is not None:
            raise UserError("--minutes and --steps both say how long: give one of them")
        study = file.read(args.study, file.Budget(args.steps, args.minutes))
        out = args.out or Path("runs") / f"study-{study.name}"
        console = Console(quiet=args.quiet, highlight=False)
        seeds = args.seeds or study.seeds
        todo = running.tasks(study, seeds, out, tuple(args.only))
        beside = [task for task in running.tasks(study, seeds, out, ()) if task not in todo and running.told(task)]
        if not carry_out(study, todo, beside, out, console):
            console.print(f"stopped and saved; the same command goes on with what is in {out}", soft_wrap=True)
            return INTERRUPTED
        if args.publish:
            from avatarium.training.studies.publishing import publish

            for path in publish(todo, args.publish):
                console.print(f"published {path}", soft_wrap=True)
        return 0


def carry_out(study: "Asked", todo: "list[Task]", beside: "list[Task]", out: Path, console: "Console") -> bool:
    """Carry out one run after the other, and report after each, on those ``beside`` as well; returns whether nothing interrupted it."""
    from avatarium.training.run import engine, progress
    from avatarium.training.run.recipe import recipe_for
    from avatarium.training.studies import running

    done = [task for task in todo if running.finished(task)]
    waiting = [task for task in todo if task not in done]
    console.print(f"{study.title}: {len(todo)} runs, {len(done)} of them done", soft_wrap=True)
    if waiting:
        hungriest = max((task.plan for task in waiting), key=lambda plan: plan.runners + plan.learners)
        with engine.ray_for(hungriest, out / "ray.log"):
            for number, task in enumerate(waiting, 1):
                name = f"{number} of {len(waiting)}: {task}"
                with progress.display(console, name, recipe_for(task.plan.arena.name).shown, console.quiet) as display:
                    if running.carry_out(task, display):
                        return False
                done.append(task)
                report(study, beside + done, out)
    console.print(report(study, beside + done, out), markup=False, soft_wrap=True)
    console.print(f"in {out}: report.md, results.json, curves.png", soft_wrap=True)
    return True


def report(study: "Asked", done: "list[Task]", out: Path) -> str:
    """Write what finished runs say; returns it as Markdown."""
    from avatarium.training.studies import picture, plane, running, summary

    found = list(running.results(done))
    chapters = summary.summary(study, found)
    page = summary.markdown(study, chapters)
    (out / "report.md").write_text(page)
    (out / "results.json").write_text(json.dumps(summary.as_json(study, chapters), indent=1) + "\n")
    picture.draw(study.title, [chapter.part for chapter in chapters], found, out / "curves.png")
    for chapter in chapters:
        if chapter.part.plane:
            plane.draw(chapter, chapter.part.plane, out)
    return page
