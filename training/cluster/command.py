"""``avatarium bench cluster``: how large a cluster has to be for a rate of decisions."""

import argparse

from avatarium.training.commands import MODULES, Train
from avatarium.worlds.core.errors import UserError, need

RATES = (1e5, 1e6, 1e7)


class ClusterBench:
    """Measure what sizes of clusters follow from."""

    help = "a runner and a learner on one core each, and how many of them, on which network, a cluster needs"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``: those of training, and what to plan for."""
        Train().add_arguments(parser)
        add = parser.add_argument
        add("--rates", type=float, nargs="+", default=RATES, metavar="R", help="decisions per second to plan for (default: 1e5 1e6 1e7)")
        add("--learner-cores", type=int, default=8, metavar="N", help="cores of a learner (default: %(default)s)")
        add("--seconds", type=float, default=3.0, metavar="S", help="length of a window of the measurement (default: %(default)s)")
        add("--windows", type=int, default=5, metavar="N", help="how many windows (default: %(default)s)")

    def run(self, args: argparse.Namespace) -> int:
        """Measure and print."""
        if min(args.learner_cores, args.windows, args.seconds, *args.rates) <= 0:
            raise UserError("--rates, --learner-cores, --seconds and --windows have to be more than 0")
        for module in MODULES:
            need(module, "train")
        from avatarium.training.cluster import sizing
        from avatarium.training.run import request

        print(sizing.report(sizing.measure(request.planned(args), args.seconds, args.windows), args.rates, args.learner_cores))
        return 0
