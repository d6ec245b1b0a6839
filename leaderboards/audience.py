"""``avatarium audience``: what can be told of the museum's scripted visitors from their tracks alone: interests and styles."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards.interest import ESTIMATES, spearman, visits
from avatarium.leaderboards.stats import Interval, interval
from avatarium.leaderboards.styles import features, leave_one_out
from avatarium.worlds.core.errors import need
from avatarium.worlds.core.transcript import Transcript

CROWD, STEPS, FIRST_SEED = 12, 6000, 2_000_000
"""Visitors in one museum, and how long they stay: ten minutes."""


class Findings(NamedTuple):
    """What was told of an audience of V visitors."""

    correlations: dict[str, np.ndarray]  # float64 [V]: of each estimate with the planted interest, by name
    told: np.ndarray  # bool [V]: whether the style was told right, by what was learnt of the others of the same audience


def audience(seed: int, visitors: int = 36, steps: int = STEPS, progress: Callable[[int], None] = lambda steps: None) -> Findings:
    """Let visitors of all four styles, as many of each, walk through museums, twelve in each; tell their interests and styles."""
    config = {"visitors": 1, "crowd": CROWD, "episode_steps": steps, "split": "validation"}
    crowd = list(range(1, 1 + CROWD))
    seeds = [FIRST_SEED + 1000 * seed + k for k in range(-(-visitors // CROWD))]
    with tempfile.TemporaryDirectory() as folder:
        seats = {"visitor": agents.load("heuristic", "museum", "visitor", **config)}
        told = [Transcript.open(path) for path in play("museum", seats, seeds, Path(folder), config, progress=progress)]
    seen = [visits(episode, crowd) for episode in told]
    rows, styles = np.concatenate([features(episode, crowd) for episode in told]), np.concatenate([v.styles for v in seen])
    found = {name: np.concatenate([spearman(v.estimates[name], v.planted) for v in seen])[:visitors] for name in ESTIMATES}
    return Findings(found, leave_one_out(rows[:visitors], styles[:visitors]))


def summary(found: list[Findings]) -> dict[str, Interval]:
    """Means with 95 % bootstrap intervals over all visitors of several audiences: correlations, what the level of interest gains over
    dwell time, and the share of styles told right."""
    columns = {name: np.concatenate([f.correlations[name] for f in found]) for name in ESTIMATES}
    columns["level - dwell"] = columns["level"] - columns["dwell"]
    columns["styles told"] = np.concatenate([f.told for f in found]).astype(float)
    return {name: interval(column, np.ones(len(column))) for name, column in columns.items()}


class Audience:
    """Tell interests and styles of the museum's scripted visitors."""

    help = "tell from tracks what the museum's scripted visitors are interested in, and in which of four styles they visit"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("--visitors", type=int, default=36, help="of one audience (default: %(default)s)")
        parser.add_argument("--seeds", type=int, default=3, help="audiences (default: %(default)s)")
        parser.add_argument("--steps", type=int, default=STEPS, help="length of a visit, of 0.1 s (default: %(default)s)")

    def run(self, args: argparse.Namespace) -> int:
        """Play, fold and print."""
        need("rich", extra="leaderboards")
        from rich.table import Table

        from avatarium.leaderboards import terminal

        terminal.ready()
        with terminal.bar("visits", None) as advance:
            found = [audience(seed, args.visitors, args.steps, advance) for seed in range(args.seeds)]
        table = Table("told from tracks", "mean, 95 % interval", title=f"{args.seeds} audiences of {args.visitors} visitors")
        for name, value in summary(found).items():
            table.add_row(name if name == "styles told" or "-" in name else f"{name}, correlation with planted interest", str(value))
        terminal.say(table)
        return 0
