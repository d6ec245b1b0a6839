"""``avatarium work`` plays what was submitted; ``avatarium queue`` tells what waits and why, and tries again what was given up."""

import argparse
import dataclasses
import json
import os
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from avatarium.leaderboards.database.engine import Database

BOARD = "runs/leaderboard.sqlite"
ACTIONS = ("status", "retry", "void", "lift")


class Work:
    """Keep workers at a leaderboard's queue."""

    help = "check and play what was submitted to a leaderboard, on this machine or on a Ray cluster"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("--board", default=BOARD, metavar="FILE|URL", help="the leaderboard's database (default: %(default)s)")
        add("--artefacts", metavar="FOLDER|URL", help="its files (default: the folder artefacts beside the board's file)")
        add("--workers", type=int, metavar="N", help="how many play at once (default: one per core)")
        add("--executor", choices=("local", "ray"), default="local", help="processes here, or tasks of Ray (default: %(default)s)")
        add("--address", metavar="A", help="of a Ray cluster that runs already")
        add("--drain", action="store_true", help="end when nothing is left to do")

    def run(self, args: argparse.Namespace) -> int:
        """Work until nothing is left, or until Ctrl-C, which lets every worker finish its job; a second one makes them give it back."""
        from avatarium.leaderboards import terminal
        from avatarium.leaderboards.database import artefacts
        from avatarium.leaderboards.database.engine import Database
        from avatarium.leaderboards.queue import display
        from avatarium.leaderboards.queue.executors import local, on_ray
        from avatarium.leaderboards.queue.executors.serving import Workplace

        need("rich", extra="leaderboards")
        terminal.ready()
        count = _cores() if args.workers is None else args.workers
        if count < 1:
            raise UserError("--workers has to be 1 or more")
        if args.address and args.executor != "ray":
            raise UserError("--address is that of a Ray cluster: say --executor ray as well")
        place = Workplace(args.board, args.artefacts, args.drain)
        artefacts.beside(args.board, args.artefacts).sweep()
        with Database(args.board) as database, display.line(database, count) as tick:
            if args.executor == "ray":
                on_ray.run(place, count, tick, args.address)
            else:
                local.run(place, count, tick)
        return 0


class Queue:
    """Tell what waits, and why; try again, or make void."""

    help = "what a leaderboard's submissions and jobs wait for; try again what was given up; void or restore a version of a world"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("action", nargs="?", choices=ACTIONS, default="status", help="retry jobs; void or lift what was played in a world")
        add("what", nargs="?", default="", metavar="KEY|WORLD", help="a job or a submission by the beginning of its key; or a world")
        add("--board", default=BOARD, metavar="FILE|URL", help="the leaderboard's database (default: %(default)s)")
        add("--version", type=int, help="of the world (default: the one that is installed)")
        add("--reason", help="why a world is void; everybody can read it")
        add("--jobs", action="store_true", help="show every job, not only submissions")
        add("--json", action="store_true", help="print JSON")

    def run(self, args: argparse.Namespace) -> int:
        """Do what ``action`` says."""
        from avatarium.leaderboards.database.engine import Database

        need("rich", extra="leaderboards")
        with Database(args.board) as database:
            if args.action == "status":
                return _status(database, args)
            if args.action == "retry":
                return _retry(database, args.what)
            return _judge_world(database, args)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _status(database: "Database", args: argparse.Namespace) -> int:
    from avatarium.leaderboards import terminal
    from avatarium.leaderboards.queue import display, status

    with database.reading() as session:
        known = [one for one in status.submissions(session) if one.key.startswith(args.what) or one.name == args.what]
        jobs = [job for one in known for job in status.jobs(session, one.key)] if args.jobs else []
    if not known and args.what:
        raise UserError(f"there is no submission {args.what!r}: `avatarium queue` lists them all")
    if args.json:
        print(json.dumps({"submissions": list(map(dataclasses.asdict, known)), "jobs": list(map(dataclasses.asdict, jobs))}, indent=1))
    elif not known:
        terminal.say("nothing has been submitted yet")
    else:
        terminal.say(display.submissions(known))
        if args.jobs:
            terminal.say(display.jobs(jobs))
    return 0


def _retry(database: "Database", key: str) -> int:
    from avatarium.leaderboards import terminal
    from avatarium.leaderboards.queue import retrying

    count = database.insist(lambda session: retrying.retry(session, key))
    terminal.say(f"{count} job{'s' * (count != 1)} will be tried again" if count else "no job waits for another attempt")
    return 0


def _judge_world(database: "Database", args: argparse.Namespace) -> int:
    from avatarium.leaderboards import terminal
    from avatarium.leaderboards.queue import quarantine
    from avatarium.worlds.core import discovery

    if not args.what:
        raise UserError(f"say which world: avatarium queue {args.action} WORLD")
    spec = discovery.spec(args.what)
    world, version = discovery.address(spec), spec.version if args.version is None else args.version
    if args.action == "lift":
        count = database.insist(lambda session: quarantine.lift(session, world, version))
        terminal.say(f"{world} version {version} counts again; {count} submissions go on")
        return 0
    if not args.reason:
        raise UserError("say why, for everybody to read: --reason SENTENCE")
    count = database.insist(lambda session: quarantine.impose(session, world, version, args.reason))
    terminal.say(f"{world} version {version} is quarantined; {count} submissions are void")
    return 0
