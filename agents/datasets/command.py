"""``avatarium dataset``: transcripts become data sets."""

import argparse
import sys
from pathlib import Path


class Dataset:
    """Make data sets of transcripts."""

    help = "make data sets (Parquet or Minari) of recorded episodes (.avt), with what every avatar sensed"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER", help="transcripts, or folders of them")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the data sets go, in NAME/WORLD/ROLE")
        parser.add_argument("--format", default="parquet", help="parquet or minari (default: %(default)s)")
        parser.add_argument("--role", action="append", default=[], help="only this role; may be given several times")
        parser.add_argument("--human", action="store_true", help="only what persons did")
        parser.add_argument("--name", default="avatarium", help="of the whole (default: %(default)s)")
        parser.add_argument("--cut", action="store_true", help="also episodes whose files were cut, as far as they go")

    def run(self, args: argparse.Namespace) -> int:
        """Write the data sets and print how to load them; returns 1 when files had to be left out."""
        from avatarium.agents.datasets.exporting import Wanted, export

        wanted = Wanted(args.format, args.name, tuple(args.role), args.human, args.cut)
        report = export(args.paths, args.out, wanted, _progress)
        for sentence in (*report.twice, *report.skipped):
            print(f"avatarium: {sentence}", file=sys.stderr)
        for made in report.made:
            print(f"{made.path}  {made.episodes} episodes, {made.stays} stays, {made.steps} steps  {made.loads}")
        if args.format == "minari":
            print(f"Minari finds them with MINARI_DATASETS_PATH={args.out.resolve()}")
        return 1 if report.skipped else 0


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total} transcripts", end="\n" if done == total else "", file=sys.stderr, flush=True)
