"""``avatarium bench gpu``: how fast worlds, pictures and training are on the GPU of this machine."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import UserError, need

if TYPE_CHECKING:
    from avatarium.training.bench.gpu.figures import Pace, Row, Tell
    from avatarium.training.bench.gpu.report import Report

PARTS = ("stepping", "views", "training")
MODULES = ("torch", "ray.rllib", "tensorboard", "matplotlib", "rich")
"""What has to be installed."""


class GpuBench:
    """Measure what a GPU does."""

    help = "worlds, pictures and training on the GPU of this machine"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, and a table next to it")
        parser.add_argument(
            "--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help="of stepping, views, training (default: all)"
        )
        parser.add_argument("--quick", action="store_true", help="small and short: shows that it works, not how fast")

    def run(self, args: argparse.Namespace) -> int:
        """Measure and print, in about five minutes; returns 1 when the GPU differs from the CPU, or something could not be measured."""
        from avatarium.worlds.gpu import device

        device.check()
        if device.SIMULATED and not args.quick:
            raise UserError("the simulator of CUDA has no speed to be measured: add --quick to see that everything runs")
        for module in MODULES:
            need(module, "train")
        from rich.console import Console

        from avatarium.training.bench.gpu import report
        from avatarium.training.bench.gpu.figures import QUICK, Pace

        console = Console(highlight=False)
        found = measured(QUICK if args.quick else Pace(), args.only, lambda text: console.print(text, markup=False, soft_wrap=True))
        console.print(report.table(found))
        for sentence in report.sentences(found):
            console.print(sentence, markup=False, soft_wrap=True)
        if args.json:
            for path in report.write(found, args.json):
                console.print(f"wrote {path}", markup=False, soft_wrap=True)
        return 1 if found.difference or found.failures else 0


def measured(pace: "Pace", parts: Sequence[str], tell: "Tell") -> "Report":
    """Everything of ``parts``; ``tell`` hears how far it is. What cannot be trained is told, and the rest is measured all the same."""
    from avatarium.training.bench.gpu import learning, machine, roofline, stepping, views
    from avatarium.training.bench.gpu.report import Report
    from avatarium.worlds.gpu import device

    stepped: list[Row] = []
    learnt: list[Row] = []
    failures, line, difference = [], None, None
    if "training" in parts:  # first: its processes need memory that this one does not give back
        try:
            learnt = learning.measured(pace, tell)
        except UserError as fault:
            failures.append(str(fault))
    if "stepping" in parts:
        stepped, difference = stepping.measured(pace, tell)
        line = roofline.roofline(stepped[-1], roofline.copying(pace), pace.settings)
    gpu = machine.facts()  # while it is warm
    seen = views.measured(pace, tell) if "views" in parts else []
    return Report(gpu, device.SIMULATED, [*stepped, *seen, *learnt], line, difference, failures)
