"""Ranking: what a season costs to compute anew. 200 policies, 12 columns of 32 seeds, 100,000 games, 2,000 resamples, one core.

    python tests/benchmarks/bench_ranking.py --json runs/bench/ranking.json

``table`` is pillars, headline, intervals and places; ``tally`` counts the games, ``fit`` is the ratings alone, ``rate`` the ratings with
intervals, the fit included; ``clones`` compares 4,096 actions of everybody, ``pairing`` chooses 1,000 games. ``season`` is table, tally and
rate. Each figure is the best of several rounds, in seconds.
"""

import argparse
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy is imported

import numpy as np

from avatarium.leaderboards.ranking.bradley_terry import chances, fit
from avatarium.leaderboards.ranking.clones import clones
from avatarium.leaderboards.ranking.columns import PILLARS, Column
from avatarium.leaderboards.ranking.pairing import next_games
from avatarium.leaderboards.ranking.ratings import rate
from avatarium.leaderboards.ranking.table import table
from avatarium.leaderboards.ranking.tally import tally

POLICIES, COLUMNS, SEEDS, GAMES, PROBES = 200, 12, 32, 100_000, 4096
TARGETS = {"fit": 0.05, "rate": 1.2, "season": 2.0}


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default: %(default)s)")
    args = parser.parse_args()
    rounds = [measured(np.random.default_rng(0)) for _ in range(args.rounds)]
    found = {name: min(one[name] for one in rounds) for name in rounds[0]}
    found["season"] = min(one["table"] + one["tally"] + one["rate"] for one in rounds)
    print(f"{'':<10}{'s':>10}{'target':>10}")
    for name, seconds in found.items():
        print(f"{name:<10}{seconds:>10.3f}{f'{TARGETS[name]:g}' if name in TARGETS else '':>10}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"seconds": found, "targets": TARGETS}, indent=1) + "\n")


def measured(rng: np.random.Generator) -> dict[str, float]:
    """Seconds of every part for one season."""
    names = [hashlib.sha256(str(k).encode()).hexdigest() for k in range(POLICIES)]
    games, actions = played(rng, names), rng.integers(0, 9, (POLICIES, PROBES))
    found = {"table": timed(lambda: table(*scored(rng), names))[0]}
    found["tally"], counted = timed(lambda: tally(*games))
    found["fit"], _ = timed(lambda: fit(counted.wins, counted.draws))
    found["rate"], rated = timed(lambda: rate(counted))
    found["pairing"], _ = timed(lambda: next_games(rated, 1000, 0))
    found["clones"], _ = timed(lambda: clones(names, names, names, actions))
    return found


def scored(rng: np.random.Generator) -> tuple[list[Column], list[np.ndarray]]:
    """Columns of six worlds in two modes, and scores by skill, seed and luck."""
    seeds = tuple(range(SEEDS))
    columns = [Column(f"world{k % 6}", f"mode{k // 6}", "success", PILLARS[k % 3], 0.0, 1.0, seeds) for k in range(COLUMNS)]
    skills = rng.uniform(-0.2, 1.1, (POLICIES, 1))
    return columns, [skills + rng.normal(0, 0.3, SEEDS) + rng.normal(0, 0.3, (POLICIES, SEEDS)) for _ in columns]


def played(rng: np.random.Generator, names: list[str]) -> tuple[list[str], list[str], list[float], list[str]]:
    """Games of pairs at random, two to a match, a fifth or so of them drawn."""
    skills, first = rng.normal(0, 1, POLICIES), rng.integers(0, POLICIES, GAMES)
    second = (first + rng.integers(1, POLICIES, GAMES)) % POLICIES
    lost, drawn, _ = chances(skills[first] - skills[second], -0.5)
    luck = rng.random(GAMES)
    scores = np.where(luck < lost, 0.0, np.where(luck < lost + drawn, 0.5, 1.0))
    matches = [hashlib.sha256(str(k // 2).encode()).hexdigest() for k in range(GAMES)]
    return [names[k] for k in first], [names[k] for k in second], scores.tolist(), matches


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and what it returns."""
    begun = time.perf_counter()
    found = what()
    return time.perf_counter() - begun, found


if __name__ == "__main__":
    main()
