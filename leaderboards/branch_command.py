"""``avatarium branch``: what would have happened if, at some step of a recorded episode, one thing had been done otherwise."""

import argparse
import json
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from avatarium.agents.branching import Branches, Change


class Branch:
    """Let one avatar do otherwise from some step of a recorded episode on, and compare both futures."""

    help = "swap a policy, an action or a word at any step of a recorded episode (.avt), and compare both futures"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("file", type=Path, help="a transcript (.avt)")
        add("--at", type=int, required=True, metavar="STEP", help="the step at which the futures part")
        add("--agent", required=True, metavar="AVATAR", help="who does otherwise, such as visitor_1")
        change = parser.add_mutually_exclusive_group(required=True)
        change.add_argument("--policy", help="its policy from then on: policy.zip, random, heuristic, oracle, WORLD/NAME, module:factory")
        change.add_argument("--action", metavar="HEAD=CHOICE", help="what it does, such as walk=left or walk=left,turn=none")
        change.add_argument("--say", metavar="WORD", help="what it says: a word, its number, or silence")
        add("--for", dest="steps", type=int, metavar="STEPS", help="how long it does or says that (default: 1); then its own mind goes on")
        others = (
            "a mind for a role in place of the one that the recording names; replay: recorded actions go on, for all roles without ROLE="
        )
        add("--others", action="append", default=[], metavar="ROLE=POLICY", help=others)
        repeat = "so many pairs of futures, which draw from other keys, for an interval (default: 1, the recorded future)"
        add("--repeat", type=int, default=1, metavar="N", help=repeat)
        add("--out", type=Path, metavar="FOLDER", help="where the transcripts go (default: the next free runs/branch/FILE-STEP)")
        add("--watch", action="store_true", help="watch both futures side by side")
        add("--json", action="store_true", help="print JSON instead of a table")

    def run(self, args: argparse.Namespace) -> int:
        """Branch, print what differs and where the transcripts are, and open the window if wanted."""
        need("rich", extra="leaderboards")
        from avatarium.agents import branching, consent
        from avatarium.leaderboards import branch, terminal
        from avatarium.worlds.core.transcript import Transcript

        terminal.ready()
        told = Transcript.open(args.file)
        consent.select([told], "replay")
        change, others = change_of(args), minds_of(args.others, list(told.header["roles"]))
        folder = args.out or free(Path("runs/branch"), f"{args.file.stem}-{args.at}")
        with terminal.judging(folder), terminal.bar("simulating both futures", None), branch.sandboxed() as load:
            found = branching.branch(told, args.at, args.agent, change, folder, others, args.repeat, load)
            compared = branch.compare(found)
        if args.json:
            print(json.dumps(branch.as_json(compared), indent=1))
        else:
            terminal.say(branch.table(compared))
            for sentence in branch.sentences(compared):
                terminal.say(sentence)
            terminal.say(f"{found.originals[0].path}   {found.branches[0].path}")
        if args.watch:
            watch(found)
        return 0


def change_of(args: argparse.Namespace) -> "Change":
    """The change that the command line asks for. Raises UserError."""
    from avatarium.agents.branching import Act, Say, Swap
    from avatarium.worlds.core import settings

    if args.policy:
        if args.steps is not None:
            raise UserError("--for goes with --action or --say: another --policy stays to the end")
        return Swap(args.policy)
    steps = 1 if args.steps is None else args.steps
    if args.say:
        return Say(args.say, steps)
    return Act(dict(settings.pair(word) for word in args.action.split(",")), steps)


def minds_of(words: Sequence[str], roles: Sequence[str]) -> Mapping[str, str]:
    """Minds by role; a word without a role is for all roles.

    >>> minds_of(["replay", "host=heuristic"], ["host", "visitor"])
    {'host': 'heuristic', 'visitor': 'replay'}
    """
    found: dict[str, str] = {}
    for word in sorted(words, key=lambda text: "=" in text):
        role, equals, policy = word.partition("=")
        found |= {role: policy} if equals else dict.fromkeys(roles, word)
    return found


def free(parent: Path, name: str) -> Path:
    """The first folder called ``name``, ``name-2`` and so on that is not there yet."""
    return next(folder for k in count(1) if not (folder := parent / (name if k == 1 else f"{name}-{k}")).exists())


def watch(found: "Branches") -> None:
    """Open both futures of the first pair side by side, at the step at which they part."""
    from avatarium.agents.branching import in_words
    from avatarium.render import commands

    files = (found.originals[0].path, found.branches[0].path)
    commands.watch(files, start=found.where.at, follow=found.where.agent, labels=("as it was", in_words(found.change)))
