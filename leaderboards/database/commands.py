"""``avatarium database`` makes and upgrades a leaderboard's tables, and checks that nobody has changed what they hold."""

import argparse

from avatarium.worlds.core.errors import UserError, need

ACTIONS = ("upgrade", "check")
SHOWN = 20
"""Findings that are printed."""


class DatabaseCommand:
    """Make, upgrade or check a leaderboard's database."""

    help = "make or upgrade a leaderboard's tables; check its log, its rows and its files against their hashes"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("action", choices=ACTIONS)
        add("board", metavar="FILE|URL", help="the database")
        add("--artefacts", metavar="FOLDER|URL", help="its files, for check (default: the folder artefacts beside the board's file)")

    def run(self, args: argparse.Namespace) -> int:
        """Upgrade, or check and say what was found; 1 if that is anything."""
        from avatarium.leaderboards.database.engine import Database

        need("sqlalchemy", extra="leaderboards")
        if args.action == "upgrade":
            with Database(args.board, upgrade=True) as database:
                print(f"{database.name} has the tables of this version")
            return 0
        found = findings(args.board, args.artefacts)
        for sentence in found[:SHOWN]:
            print(sentence)
        print(f"{len(found)} findings in {args.board}" if found else f"{args.board} is what its log says")
        return 1 if found else 0


def findings(board: str, files: str | None) -> list[str]:
    """What is wrong with a leaderboard: rows and entries that were changed, and files that are missing or damaged."""
    import sqlalchemy as sql

    from avatarium.leaderboards.database import artefacts, log
    from avatarium.leaderboards.database.engine import Database
    from avatarium.leaderboards.database.models import Episode, Match, Submission

    with Database(board) as database:
        found = log.check(database)
        try:
            kept = artefacts.beside(board, files)
        except UserError as unknown:
            return [*found, f"files were not looked at: {unknown}"]
        with database.reading() as session:
            columns = (Submission.artefact, Submission.actions, Episode.artefact, Match.artefact)
            wanted = {digest for column in columns for digest in session.scalars(sql.select(column)) if digest}
    return found + kept.check(sorted(wanted))
