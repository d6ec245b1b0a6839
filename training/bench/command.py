"""``avatarium bench training``: how fast training is beside stock RLlib and a plain loop."""

import argparse
from pathlib import Path

from avatarium.worlds.core.errors import need

MODULES = ("torch", "ray.rllib", "matplotlib", "rich", "psutil")
"""What has to be installed."""
ACTORS = 6
"""Processes of Ray that are alive at the same time at most."""


class TrainingBench:
    """Measure training."""

    help = "training beside stock RLlib and beside a plain PyTorch loop, turn and turn about"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, and a table and a picture next to it")
        parser.add_argument("--quick", action="store_true", help="small batches and short turns: shows that it works, not how fast")

    def run(self, args: argparse.Namespace) -> int:
        """Measure and print; takes about fifteen minutes, or two when quick."""
        for module in MODULES:
            need(module, "train")
        need("mpe2", "dev")
        import os
        import tempfile
        import warnings

        import torch
        from rich.console import Console

        from avatarium.training.bench import report, suite
        from avatarium.training.bench.workload import LIGHT
        from avatarium.training.cluster.machines import Machines
        from avatarium.training.run import engine

        console = Console(highlight=False)
        os.environ["OMP_NUM_THREADS"] = "1"  # of every process that Ray starts
        before, load = torch.get_num_threads(), report.load_average()
        torch.set_num_threads(1)
        pace = suite.Pace(rounds=2, seconds=0.0, quick=True) if args.quick else suite.Pace()
        warnings.filterwarnings("ignore", ".*Overriding environment")  # stock RLlib registers its environment anew for each contender
        shared = Machines(oversubscribed=True)  # they take turns
        with tempfile.TemporaryDirectory() as folder, engine.ray_for(LIGHT.plan(runners=ACTORS), Path(folder) / "ray.log", shared):
            rows = suite.run(pace, lambda text: console.print(text, markup=False, soft_wrap=True))
        torch.set_num_threads(before)
        console.print(report.table(rows))
        if args.json:
            for path in report.write(rows, pace, (load, report.load_average()), args.json):
                console.print(f"wrote {path}", markup=False, soft_wrap=True)
        return 0
