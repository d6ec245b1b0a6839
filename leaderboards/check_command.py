"""``avatarium check``."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatarium.leaderboards.sandbox.trust import FLAG
from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from avatarium.leaderboards.check import Report
    from avatarium.leaderboards.corpus.running import Outcome


class Check:
    """Say what would become of a submission, or whether this machine stops hostile ones."""

    help = "check a policy.zip as the leaderboard does before it plays, step by step; or try the hostile corpus on this machine"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("policy", nargs="?", type=Path, metavar="POLICY.zip", help="a submission")
        parser.add_argument("--world", help="package.module:WORLD, for a world that is not installed under a name")
        parser.add_argument("--corpus", nargs="?", const="", metavar="FAMILY", help="try hostile submissions instead")
        parser.add_argument("--json", action="store_true", help="print JSON with every step and figure")
        parser.add_argument(FLAG, action="store_true", dest="trust", help="run the file even where the sandbox is weak: for one's own")

    def run(self, args: argparse.Namespace) -> int:
        """Check and print; 1 when the submission is refused or anything got through."""
        need("rich", extra="leaderboards")
        from avatarium.leaderboards import terminal

        terminal.ready()
        if (args.policy is None) == (args.corpus is None):
            raise UserError("name a submission, as in `avatarium check policy.zip`, or try the corpus with `avatarium check --corpus`")
        if args.corpus is not None:
            return try_corpus(args.corpus, args.json)
        return examine(args.policy, args.world, args.trust, args.json)


def examine(path: Path, world: str | None, trust: bool, as_json: bool) -> int:
    """Check one submission and print the report."""
    from avatarium.leaderboards import terminal
    from avatarium.leaderboards.check import check

    warn(path)
    with terminal.judging(path.parent):
        report = check(path, world, trust)
    if as_json:
        print(json.dumps(report.as_json(), indent=1))
    else:
        terminal.say(table(report))
        terminal.say(f"{report.file} may play for a score" if report.accepted else f"{report.file} is refused: {report.reason}")
    return 0 if report.accepted else 1


def warn(path: Path) -> None:
    """Say on standard error where a policy has learnt from recordings that persons have withdrawn since, as far as ledgers here tell."""
    from avatarium.agents.consent import stale

    for policy in stale.policies([path] if path.is_file() else []):
        if sentence := stale.sentence(path, policy.data):
            print(f"avatarium: {sentence}", file=sys.stderr)


def table(report: "Report") -> Any:
    """The steps that were taken, with what was found."""
    from rich.table import Table
    from rich.text import Text

    found = Table("step", "", "found", "ms", title=Text(report.file))
    found.columns[-1].justify = "right"
    for step in report.steps:
        told = step.sentence or ", ".join(f"{name} {value}" for name, value in step.facts.items())
        found.add_row(step.name, "ok" if step.ok else "REFUSED", told, f"{1000 * step.seconds:.0f}")
    return found


def try_corpus(family: str, as_json: bool) -> int:
    """Try every hostile submission of a family, or of all, and print what stopped it."""
    from avatarium.leaderboards import terminal
    from avatarium.leaderboards.corpus import choose
    from avatarium.leaderboards.corpus.running import attempt
    from avatarium.leaderboards.sandbox import doctor

    chosen, layers = choose(family), doctor.layers()
    with terminal.bar("hostile submissions", len(chosen), "cases") as advance:
        outcomes = []
        for case in chosen:
            outcomes.append(attempt(case))
            advance(1)
    through = [outcome for outcome in outcomes if not outcome.ok]
    if as_json:
        print(json.dumps({"version": 1, "layers": layers, "cases": [as_row(o) for o in outcomes], "through": len(through)}, indent=1))
        return 1 if through else 0
    terminal.say(by_layer(outcomes))
    for outcome in through:
        terminal.say(f"{outcome.case.id} got through: it {said(outcome)}, and should have been stopped at {outcome.case.stage}")
    missing = [name for name, holds in layers.items() if not holds]
    terminal.say(f"protections that this machine lacks: {', '.join(missing) or 'none'}")
    terminal.say(f"{len(outcomes) - len(through)} of {len(outcomes)} hostile submissions were stopped as they should be")
    return 1 if through else 0


def said(outcome: "Outcome") -> str:
    """Where a case ended, and with which words."""
    return f"ended at {outcome.stage!r} with {outcome.sentence!r}"


def as_row(outcome: "Outcome") -> dict[str, Any]:
    """An outcome, for programs."""
    told = {"case": outcome.case.id, "tries": outcome.case.tries, "stopped": outcome.stage, "sentence": outcome.sentence}
    return told | {"as_declared": outcome.ok, "seconds": round(outcome.seconds, 3)}


def by_layer(outcomes: "list[Outcome]") -> Any:
    """How many cases of each family were stopped where."""
    from rich.table import Table

    from avatarium.leaderboards.check import STEPS
    from avatarium.leaderboards.corpus import CONTAINED, SANDBOX

    counts = Counter((o.case.family, o.stage if o.ok else "through") for o in outcomes)
    layers = [name for name in (*STEPS, CONTAINED, SANDBOX) if any(stage == name for _, stage in counts)]
    found = Table("family", "cases", *layers, "got through", title="what was stopped by which layer")
    for family in dict.fromkeys(o.case.family for o in outcomes):
        numbers = [counts[family, layer] for layer in (*layers, "through")]
        found.add_row(family, str(sum(numbers)), *(str(n or "") for n in numbers[:-1]), str(numbers[-1]))
    return found
