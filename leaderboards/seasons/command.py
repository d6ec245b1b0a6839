"""``avatarium season``: announce a season, let the suite's own policies play it, freeze it, reveal its secret, publish its bundle."""

import argparse
from pathlib import Path

from avatarium.leaderboards.commands import BOARD

SECRETS = Path("runs/secrets")
EPISODES = 32
HELP = {
    "new": "announce a season: its rules and the hash of its secret are published from now on",
    "list": "list seasons with their state",
    "populate": "enter the suite's own policies: random, heuristic, oracle and the trained ones",
    "matches": "plan matches between those who have played everything",
    "tables": "compute the tables anew and print who leads",
    "freeze": "take no more submissions, and let those who are ranked play the final track",
    "reveal": "publish the secret, from which everybody can compute the seeds",
    "bundle": "write one file with everything that the tables follow from",
}


class SeasonCommand:
    """Run a season."""

    help = f"run a season: {', '.join(HELP)}"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        shared = argparse.ArgumentParser(add_help=False)
        shared.add_argument("--board", default=str(BOARD), metavar="URL|FILE", help="the leaderboard's database (default: %(default)s)")
        shared.add_argument("--artefacts", metavar="URL", help="where submissions and transcripts lie (default: beside the board's file)")
        shared.add_argument("--secrets", type=Path, default=SECRETS, help="folder of the seasons' secrets (default: %(default)s)")
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        found = {name: acts.add_parser(name, parents=[shared], help=what) for name, what in HELP.items()}
        for name, act in found.items():
            if name != "list":
                act.add_argument("season", help="its name, such as 2027")
        found["new"].add_argument("--title", default="", help="what pages call it (default: Season NAME)")
        found["new"].add_argument("--worlds", nargs="+", metavar="WORLD", help="names or package.module:WORLD (default: all)")
        found["new"].add_argument("--episodes", nargs="+", default=[str(EPISODES)], metavar="[WORLD=]N", help="per scenario and track")
        found["populate"].add_argument("--characters", action="store_true", help="the scripted characters of populations as well")
        found["populate"].add_argument("--track", choices=("public", "ranked"), help="only this one (default: both)")
        found["matches"].add_argument("--rounds", type=int, default=4, help="match jobs for each policy (default: %(default)s)")
        found["freeze"].add_argument("--no-final", action="store_true", help="play no final track")
        found["bundle"].add_argument("--out", type=Path, help="(default: season-NAME.zip)")
        found["bundle"].add_argument("--transcripts", type=int, metavar="N", help="of each submission in each scenario (default: all)")

    def run(self, args: argparse.Namespace) -> int:
        """Do it and say what was done."""
        from avatarium.leaderboards import terminal

        terminal.ready()
        from avatarium.leaderboards.database.engine import Database
        from avatarium.leaderboards.seasons.acts import ACTS

        with Database(args.board) as database:
            for line in ACTS[args.act](database, args):
                terminal.say(line)
        return 0
