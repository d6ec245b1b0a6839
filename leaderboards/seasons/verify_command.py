"""``avatarium verify`` and ``avatarium audit``: whether recorded episodes and published seasons are what they say."""

import argparse
import secrets
from pathlib import Path

from avatarium.worlds.core.errors import UserError


class Verify:
    """Check recorded episodes and the bundles of seasons, offline."""

    help = "check recorded episodes (.avt) and bundles of seasons (.zip): simulate them again, compare every hash, number and table"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="transcripts (.avt), or bundles of seasons (.zip)")
        parser.add_argument("--transcripts", type=int, metavar="N", help="of a bundle, simulate only so many again (default: all)")

    def run(self, args: argparse.Namespace) -> int:
        """Print a line for each thing that was checked; returns 1 when one of them is not as it should be."""
        verdicts = [_bundle(path, args.transcripts) if path.suffix == ".zip" else _transcript(path) for path in args.files]
        return 0 if all(verdicts) else 1


class Audit:
    """Ask the policies of a season again."""

    help = "let the policies of a season's bundle act again, in the sandbox, and compare with what is written that they did"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("bundle", type=Path, help="the bundle of a season (.zip)")
        parser.add_argument("--episodes", type=int, default=16, help="how many are looked at (default: %(default)s)")
        parser.add_argument("--submission", default="", help="only this one: its name, or how its key begins")
        parser.add_argument("--seed", type=int, help="of which episodes are drawn (default: another one each time)")

    def run(self, args: argparse.Namespace) -> int:
        """Print a line for each episode; returns 1 when one of them differs."""
        from avatarium.leaderboards import terminal
        from avatarium.leaderboards.seasons.audit import audit

        terminal.ready()
        if args.episodes < 1:
            raise UserError(f"--episodes {args.episodes} looks at nothing: give 1 or more")
        seed = secrets.randbelow(2**32) if args.seed is None else args.seed
        good = total = 0
        for one in audit(args.bundle, args.episodes, seed, args.submission):
            print(f"{'ok' if one.passed else 'DIFFERS'}  {one.submission} in {one.scenario}, seed {one.seed}: {one.sentence}", flush=True)
            good, total = good + one.passed, total + 1
        print(f"{good} of {total} episodes are as they were published (drawn by --seed {seed})")
        return 0 if good == total else 1


def _transcript(path: Path) -> bool:
    from avatarium.worlds.core import transcript

    return _say(*transcript.verify(path)[:2])


def _bundle(path: Path, transcripts: int | None) -> bool:
    from avatarium.leaderboards import terminal
    from avatarium.leaderboards.seasons.bundle import ALL
    from avatarium.leaderboards.seasons.verify import verify

    terminal.ready()
    with terminal.bar(f"simulating {path.name}", None) as advance:
        told = [_say(*finding) for finding in verify(path, ALL if transcripts is None else transcripts, advance)]
    return all(told)


def _say(ok: bool, sentence: str) -> bool:
    print(f"{'ok' if ok else 'DIFFERS'}  {sentence}", flush=True)
    return ok
