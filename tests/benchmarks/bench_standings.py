"""Standings: how long the tables of a season take, from the database to the stored snapshots, on one core.

    python tests/benchmarks/bench_standings.py --json runs/bench/standings.json

A thousand submissions, eight columns of 32 seeds, a hundred thousand matches. ``cold`` is the first time in a process, with kernels that
were compiled before still to be loaded; ``warm`` is the best of the rounds after it. ``cpu`` is what the process computed of that time.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy is imported

import numpy as np
import sqlalchemy as sql

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import EvalPlan, Match, PlanSums, Submission
from avatarium.leaderboards.seasons import definition, managing
from avatarium.leaderboards.standings import snapshots
from avatarium.leaderboards.standings.sums import Sums, shape

WORLD, EPISODES = "wayfinding", 32
SECRET = "00" * 32
TARGET_S = 2.0


def main() -> None:
    """Fill a database, compute, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--matches", type=int, default=100_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--rounds", type=int, default=5, help="how often the tables are computed (default: %(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder) / "board.sqlite") as database:
        fill(database, Path(folder), args.submissions, args.matches)
        cold, *warm = [measured(database, args.submissions) for _ in range(max(2, args.rounds))]
    found = {"cold": cold, "warm": {name: min(one[name] for one in warm) for name in cold}}
    print(f"{args.submissions} submissions, {args.matches} matches, {len(warm)} rounds\n{'':<8}{'s':>8}{'cpu':>8}{'target':>8}")
    for name, one in found.items():
        print(f"{name:<8}{one['s']:>8.2f}{one['cpu']:>8.2f}{f'{TARGET_S:g}' if name == 'warm' else '':>8}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        told = {"submissions": args.submissions, "matches": args.matches, "seconds": found, "target": TARGET_S}
        args.json.write_text(json.dumps(told, indent=1) + "\n")


def measured(database: Database, submissions: int) -> dict[str, float]:
    """Seconds that the tables take once."""
    began, computed = time.perf_counter(), time.process_time()
    found = snapshots.refresh(database, "bench", "ranked", SECRET)
    took = {"s": time.perf_counter() - began, "cpu": time.process_time() - computed}
    assert len(found[0].content["rows"]) == submissions
    return took


def fill(database: Database, folder: Path, submissions: int, matches: int) -> None:
    """A season of made-up submissions of different skill, all of which have played everything."""
    rng = np.random.default_rng(0)
    season = definition.define("bench", "Bench", [WORLD], {WORLD: EPISODES})
    managing.announce(database, season, folder / "bench.secret", SECRET)
    part = season.parts[0]
    skill = rng.beta(5, 2, submissions)
    keys = [f"{k:064x}" for k in range(submissions)]
    with database.session() as session:
        empty = {"manifest": {}, "facts": {"parameters": 1000}, "layers": {}, "weights": "", "actions": "", "artefact": "", "policy": ""}
        about = {"world": part.world, "world_version": part.version, "role": part.role, "baseline": False, "state": "finished", **empty}
        rows = [
            {"key": key, "name": f"policy {k}", "author": "Ada", "created": float(k), "sentence": "", **about} for k, key in enumerate(keys)
        ]
        session.execute(sql.insert(Submission), rows)
        plan = {"season": "bench", "track": "ranked", "episodes": 1, "state": "finished", "sentence": "", "created": 0.0}
        session.execute(sql.insert(EvalPlan), [{"submission": key, **plan} for key in keys])
        plans = dict(session.execute(sql.select(EvalPlan.submission, EvalPlan.id)).all())
        scenarios, metrics, seeds = shape(part)
        packed = []
        for k, key in enumerate(keys):
            below = rng.integers(8, 40, (scenarios, metrics, seeds)).astype(float)
            above = rng.binomial(below.astype(int), skill[k]).astype(float)
            packed.append({"plan": plans[key], "content": Sums(np.stack([above, below]), np.zeros((scenarios, seeds), bool)).pack()})
        session.execute(sql.insert(PlanSums), packed)
        pairs = rng.integers(0, submissions, (matches, 2))
        pairs[:, 1] = np.where(pairs[:, 0] == pairs[:, 1], (pairs[:, 1] + 1) % submissions, pairs[:, 1])
        won = rng.random(matches) < 1 / (1 + np.exp(-6 * (skill[pairs[:, 0]] - skill[pairs[:, 1]])))
        made = {"season": "bench", "world": part.world, "scenario": "s", "digest": "", "artefact": "", "created": 0.0}
        session.execute(
            sql.insert(Match),
            [
                {"seed": k, "first": keys[a], "second": keys[b], "outcome": float(w), **made}
                for k, ((a, b), w) in enumerate(zip(pairs, won, strict=True))
            ],
        )


if __name__ == "__main__":
    main()
