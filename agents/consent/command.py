"""``avatarium consent``: what persons allow, what they take back, and what follows from it."""

import argparse
from pathlib import Path

from avatarium.agents.consent import keys
from avatarium.agents.consent.words import MODALITIES, PURPOSES

PLAYED = Path("runs/play")
HELP = {
    "grant": "allow something: one recording, several, or with --all every one of mine",
    "withdraw": "take it back: recordings are deleted, data sets made again without them, policies that have learnt from them named",
    "show": "print what everybody has allowed, and what was made of it",
    "verify": "look whether the ledger is what was written, and say which line is not",
    "head": "print the hash that stands for the whole ledger, to be kept or published elsewhere",
    "sweep": "remove what was withdrawn or, from data sets, has run out; also where a withdrawal was interrupted",
    "stale": "list policies that have learnt from what was withdrawn since",
}


class ConsentCommand:
    """Keep the ledger of what persons allow."""

    help = f"what persons allow to be done with recordings of them: {', '.join(HELP)}"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        shared = argparse.ArgumentParser(add_help=False)
        shared.add_argument(
            "--ledger", type=Path, metavar="FILE", help=f"the ledger (default: the nearest above the recordings, or above {PLAYED})"
        )
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        found = {name: acts.add_parser(name, parents=[shared], help=what, description=what) for name, what in HELP.items()}
        for name in ("grant", "withdraw"):
            found[name].add_argument("recordings", nargs="*", type=Path, metavar="FILE|FOLDER", help="recordings of the person (.avt)")
            found[name].add_argument("--all", action="store_true", help="every recording of the person, also later ones")
        for name in ("grant", "withdraw", "verify"):
            found[name].add_argument(
                "--key", type=Path, metavar="FILE", help=f"the file with the person's token (default: {keys.NAME} beside the ledger)"
            )
        known = f"{', '.join(PURPOSES)} or share-with:WHOM; may be given several times"
        found["grant"].add_argument("--purpose", action="append", default=[], metavar="WORD", help=known)
        found["grant"].add_argument(
            "--modality",
            action="append",
            default=[],
            metavar="WORD",
            help=f"only this of {', '.join(MODALITIES)}; may be given several times",
        )
        found["grant"].add_argument("--until", default="", metavar="DAY", help="the day, such as 2027-03-01, with which it has run out")
        found["withdraw"].add_argument("--purpose", action="append", default=[], metavar="WORD", help=f"only this: {known}")
        found["withdraw"].add_argument("--subject", default="", metavar="p-...", help="with --all and --for-them: whose recordings")
        found["withdraw"].add_argument(
            "--for-them", default="", metavar="REASON", help="withdraw in the person's place, without their key, and say why"
        )
        found["verify"].add_argument("--head", action="append", default=[], metavar="HASH", help="has to be in the ledger still")
        found["sweep"].add_argument("also", nargs="*", type=Path, metavar="FOLDER", help="look for recordings there, too")
        found["stale"].add_argument("policies", nargs="*", type=Path, metavar="FILE|FOLDER", help="where policies lie (default: runs)")

    def run(self, args: argparse.Namespace) -> int:
        """Do it and say what was done; 1 where something is not as it should be."""
        from avatarium.agents.consent.acts import ACTS

        code, lines = ACTS[args.act](args)
        for line in lines:
            print(line)
        return code
