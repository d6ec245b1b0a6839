"""``avatarium dataset``: transcripts become data sets."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avatarium.agents.datasets.anonymity import Public


class Dataset:
    """Make data sets of transcripts."""

    help = "make data sets (Parquet or Minari) of recorded episodes (.avt), with what every avatar sensed"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER", help="transcripts, or folders of them")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the data sets go, in NAME/WORLD/ROLE")
        parser.add_argument("--format", default="parquet", help="parquet or minari (default: %(default)s)")
        parser.add_argument("--role", action="append", default=[], help="only this role; may be given several times")
        parser.add_argument(
            "--purpose", default="train", metavar="WORD", help="for which persons are to have consented (default: %(default)s)"
        )
        parser.add_argument("--skip-private", action="store_true", help="leave out recordings of persons who do not allow it")
        parser.add_argument("--human", action="store_true", help="only what persons did")
        parser.add_argument("--name", default="avatarium", help="of the whole (default: %(default)s)")
        parser.add_argument("--cut", action="store_true", help="also episodes whose files were cut, as far as they go")

        _add_public(parser)

    def run(self, args: argparse.Namespace) -> int:
        """Write the data sets and print how to load them; returns 1 when files had to be left out."""
        from avatarium.agents.datasets.exporting import Wanted, export
        from avatarium.agents.datasets.publishing import publish

        public = _public(args)
        wanted = Wanted(args.format, args.name, tuple(args.role), args.human, args.cut, args.purpose, args.skip_private)
        report = publish(args.paths, args.out, wanted, public, _progress) if public else export(args.paths, args.out, wanted, _progress)
        for sentence in (*report.twice, *report.skipped):
            print(f"avatarium: {sentence}", file=sys.stderr)
        for made in report.made:
            print(f"{made.path}  {made.episodes} episodes, {made.stays} stays, {made.steps} steps  {made.loads}")
        if report.suppressed:
            print(report.suppressed)
        if public:
            print(f"{args.out / wanted.name / 'README.md'} tells what was done, and what can still be told of who is who")
        if report.private:
            print(f"recordings of persons who do not allow this, and that were left out: {len(report.private)}")
        if args.format == "minari":
            print(f"Minari finds them with MINARI_DATASETS_PATH={args.out.resolve()}")
        return 1 if report.skipped else 0


def _add_public(parser: argparse.ArgumentParser) -> None:
    """Declare what goes with ``--public``."""
    group = parser.add_argument_group("data sets for everybody")
    group.add_argument("--public", action="store_true", help="no names, dates or words, nobody alone of a kind; a card tells of it")
    group.add_argument("--k", type=int, metavar="N", help="persons who share what may be known of them, at least (default: 5)")
    group.add_argument("--withhold", nargs="+", metavar="WHAT", help="leave out device, platform or month, so that more persons are alike")
    group.add_argument("--jitter", type=float, metavar="DAYS", help="shift sessions by up to so many before the month is told (default: 3)")
    group.add_argument("--words", action="store_true", default=None, help="also what was said and heard")
    group.add_argument("--coarse", type=float, metavar="M", help="places alone, rounded to so many metres")


def _public(args: argparse.Namespace) -> "Public | None":
    """What ``--public`` asks for; None without it. Raises UserError where an option that goes with it stands alone."""
    from avatarium.agents.datasets.anonymity import Public
    from avatarium.worlds.core.errors import UserError

    given = {"k": args.k, "withheld": args.withhold and tuple(args.withhold), "jitter_days": args.jitter, "words": args.words}
    given = {name: value for name, value in (given | {"coarse_m": args.coarse}).items() if value is not None}
    if args.public:
        return Public(**given)
    if given:
        raise UserError("--k, --withhold, --jitter, --words and --coarse say how a data set is made public: add --public")
    return None


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total} transcripts", end="\n" if done == total else "", file=sys.stderr, flush=True)
