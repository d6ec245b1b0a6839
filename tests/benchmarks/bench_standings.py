"""A season with a thousand submissions and a hundred thousand matches: how long its tables take, from the database to the last interval.

python tests/benchmarks/bench_standings.py [--submissions 1000] [--matches 100000] [--json FILE]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import sqlalchemy as sql

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import EvalPlan, Match, PlanSums, Submission
from avatarium.leaderboards.seasons import definition, managing
from avatarium.leaderboards.standings import snapshots
from avatarium.leaderboards.standings.sums import Sums, shape

WORLD, EPISODES, CLUSTERS = "wayfinding", 32, 200
TARGET_S = 2.0


def main() -> None:
    """Fill a database, compute, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--matches", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Database(Path(folder) / "board.sqlite") as database:
        fill(database, Path(folder), args.submissions, args.matches)
        times = []
        for _ in range(args.rounds):
            began = time.perf_counter()
            found = snapshots.refresh(database, "bench", "public")
            times.append(time.perf_counter() - began)
    assert len(found[0].content["rows"]) == args.submissions
    row = {"submissions": args.submissions, "matches": args.matches, "seconds": min(times), "all": times, "target": TARGET_S}
    print(
        f"{args.submissions} submissions, {args.matches} matches: tables in {min(times):.2f} s (best of {args.rounds}; target {TARGET_S:g} s)"
    )
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(row, indent=1) + "\n")


def fill(database: Database, folder: Path, submissions: int, matches: int) -> None:
    """A season of made-up submissions of different skill, all of which have played everything."""
    rng = np.random.default_rng(0)
    season = definition.define("bench", "Bench", [WORLD], {WORLD: EPISODES})
    managing.announce(database, season, folder / "bench.secret")
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
        plan = {"season": "bench", "track": "public", "episodes": 1, "state": "finished", "sentence": "", "created": 0.0}
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
