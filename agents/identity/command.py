"""``avatarium identity``: who can be told from whom by the way they move."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from avatarium.agents.recordings.recording import Recording


class Identity:
    """Measure how well subjects can be told apart."""

    help = "measure how well people or policies can be told apart by the way they move: meter"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        meter = acts.add_parser("meter", help="let a classifier learn some sessions of each subject and say who is in the others")
        meter.add_argument("paths", nargs="+", type=Path, metavar="DATASET", help="data sets (Parquet), recordings, or folders of either")
        meter.add_argument("--window", type=float, default=10.0, metavar="S", help="seconds judged at a time (default: %(default)s)")
        meter.add_argument("--subjects", nargs="+", default=[], metavar="NAME", help="only these (default: all)")
        meter.add_argument("--human", action="store_true", help="only persons")
        meter.add_argument("--seed", type=int, default=0, help="of folds, bootstrap and shuffles (default: %(default)s)")
        meter.add_argument("--who", action="store_true", help="also print who is taken for whom")

    def run(self, args: argparse.Namespace) -> int:
        """Measure each kind of recording that there is, and print a row for it."""
        from avatarium.agents.identity import meter, report
        from avatarium.worlds.core.errors import UserError

        if not 1.0 <= args.window <= 600.0:
            raise UserError(f"--window is {args.window:g}: between 1 and 600 s are judged at a time")
        groups: dict[str, meter.Sessions] = {}
        for label, told in _read(args.paths):
            if (not args.subjects or told.subject in args.subjects) and (told.person or not args.human):
                groups.setdefault(label, meter.Sessions(args.window)).add(told)
        found = {label: meter.measured(sessions, args.seed, "it") for label, sessions in groups.items()}
        print(report.table(found) if found else "nobody who is wanted is in these recordings")
        for label, one in found.items():
            if isinstance(one, meter.Measurement):
                print(f"\n{label}: {report.verdict(one)}" + (f"\n{report.confusions(one)}" if args.who else ""))
        return 0 if any(isinstance(one, meter.Measurement) for one in found.values()) else 1


def _read(paths: Sequence[Path]) -> Iterator[tuple[str, Recording]]:
    """Each recording at ``paths``, and what it is compared with: those of the same world and role, or of the same kind of file."""
    from avatarium.agents.recordings import parquets, reading

    for path in paths:
        folders = parquets.folders(path)
        for folder in folders:
            yield from parquets.read(folder)
        for file in [] if folders else reading.files([path]):
            kind = reading.kind(file)
            yield from ((f"{told.place}/{told.role}" if kind == reading.AVT else kind, told) for told in reading.read(file))
