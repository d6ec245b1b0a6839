"""How sure a ranked run is: the worlds' heuristics play a season on secret seeds, and the intervals of their pillars are printed.

    python tests/benchmarks/bench_precision.py [--episodes 128] [--json FILE]

Everything is real: the queue, the workers, the tables. It tells as well how many episodes they play in an hour.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import RANKED
from avatarium.leaderboards.queue import entry
from avatarium.leaderboards.queue.executors import local
from avatarium.leaderboards.queue.executors.serving import Workplace
from avatarium.leaderboards.scenarios.pillars import worlds_that_count
from avatarium.leaderboards.seasons import definition, managing
from avatarium.leaderboards.standings import snapshots

TARGET = 0.02
WORKERS = 2


def main() -> None:
    """Play, compute, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=128, help="seeds of each scenario (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    args = parser.parse_args()
    names = worlds_that_count()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), names, args.episodes)
    for name, half in found["half widths"].items():
        print(f"{name:<24}" + "  ".join(f"{pillar} ±{width:.3f}" for pillar, width in half.items()))
    print(f"half width of the 95 % interval of the headline over all worlds: {found['headline']:.4f} (target {TARGET})")
    speed = f"{found['per hour and worker']:.0f} per hour and worker"
    print(f"{found['episodes']} episodes in {found['seconds']:.0f} s with {WORKERS} workers, {speed}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def measured(folder: Path, names: list[str], episodes: int) -> dict[str, Any]:
    """Half widths by table and pillar, and how long it took."""
    board = folder / "board.sqlite"
    season = definition.define("precision", "Precision", names, dict.fromkeys(names, episodes))
    with Database(board) as database:
        row = managing.announce(database, season, folder / "secret")
        secret = managing.secret_of(row, folder / "secret")
        for part in season.parts:
            entry.enter_baseline(database, "heuristic", part.world, part.role, season.name, RANKED, secret=secret)
        began = time.perf_counter()
        local.run(Workplace(str(board), drain=True), WORKERS, lambda sentences: None)
        seconds = time.perf_counter() - began
        tables = snapshots.refresh(database, season.name, RANKED, secret)
    half = {f"{one.world} {one.role}".strip() or "all worlds": widths(one.content["rows"][0]) for one in tables}
    total = sum(len(block.seeds) for part in season.parts for block in part.blocks(RANKED, secret))
    speed = {"episodes": total, "seconds": seconds, "per hour and worker": total / seconds * 3600 / WORKERS}
    return {"half widths": half, "headline": half["all worlds"]["headline"], "seeds": episodes, "target": TARGET, **speed}


def widths(row: dict[str, Any]) -> dict[str, float]:
    """Half the length of each interval in a row of a table."""
    found = {"headline": row["headline"], **row["pillars"]}
    return {name: (one["high"] - one["low"]) / 2 for name, one in found.items()}


if __name__ == "__main__":
    main()
