"""The queue: how many jobs it takes and ends per second, and whether every job is done exactly once while workers are killed.

    python tests/benchmarks/bench_queue.py --kills 1000 --json runs/bench/queue.json

Jobs do nothing: a lease, a heart, two files of 2 kB, two episodes, three entries of the log, the end. ``empty`` leases and ends without
files and rows. SQLite syncs every commit to the disk; PostgreSQL is a server of the bench's own, which does not: its figures are those of
a server whose disk is no limit. Kills come after 1 to 80 transitions of three workers, half of which nobody can know to be gone.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "leaderboards" / "outside"))

import faults  # type: ignore[import-not-found]
import postgres  # type: ignore[import-not-found]

from avatarium.leaderboards.database import artefacts, log
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.queue import leases
from avatarium.leaderboards.queue.rules import RULES
from avatarium.leaderboards.queue.worker import Worker

JOBS, EMPTY = 200, 200
PROCESSES = 4


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0, help="kill workers so often, on each database (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    args = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for name, board in boards():
        found[name] = measured(board)
        print(f"{name:<12}" + "".join(f"{what}: {figure:<10.4g}" for what, figure in found[name].items()), flush=True)
        if args.kills:
            found[name] |= killed(board, args.kills)
            told = found[name]
            print(
                f"{name:<12}{told['kills']} kills in {told['seconds']:.0f} s, {told['jobs']} jobs, {len(told['wrong'])} things wrong",
                flush=True,
            )
            for sentence in told["wrong"][:5]:
                print(f"  {sentence}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(any(told.get("wrong") for told in found.values()))


def boards() -> Iterator[tuple[str, "Board"]]:
    """A place for leaderboards on each database that there is."""
    with tempfile.TemporaryDirectory(prefix="queue-") as folder:
        yield "SQLite", Board(Path(folder), None)
    with postgres.server() as server, tempfile.TemporaryDirectory(prefix="queue-") as folder:
        if server is None:
            print("PostgreSQL is not installed")
        else:
            yield "PostgreSQL", Board(Path(folder), server)


class Board:
    """Where fresh leaderboards are made."""

    def __init__(self, folder: Path, server: Any) -> None:
        self.folder, self.server, self.count = folder, server, 0

    @contextlib.contextmanager
    def fresh(self, blocks: int) -> Iterator[tuple[str, str]]:
        """Database and files of one in which random has so many blocks to play."""
        self.count += 1
        files = str(self.folder / f"files{self.count}")
        with self.server.database() if self.server else contextlib.nullcontext(str(self.folder / f"board{self.count}.sqlite")) as board:
            faults.fill(board, files, blocks, [])
            yield board, files


def measured(place: Board) -> dict[str, float]:
    """Jobs per second, by one worker and by several, and how long the log of them takes to check."""
    with place.fresh(EMPTY) as (board, _), Database(board) as database:
        begun = time.perf_counter()
        while lease := leases.take(database, RULES):
            leases.finish(database, lease, lambda session, job: None)
        found = {"empty/s": EMPTY / (time.perf_counter() - begun)}
    for count in (1, PROCESSES):
        with place.fresh(JOBS) as (board, files):
            begun = time.perf_counter()
            children = [child(board, files) for _ in range(count)]
            for process in children:
                os.waitpid(process, 0)
            found[f"jobs/s of {count}"] = JOBS / (time.perf_counter() - begun)
            with Database(board) as database:
                begun = time.perf_counter()
                assert log.check(database) == []
                found["check ms"] = 1000 * (time.perf_counter() - begun)
    return found


def child(board: str, files: str) -> int:
    """A worker process that ends when nothing is left to do."""
    process = os.fork()
    if process == 0:
        faults.pretend()
        with Database(board) as database, Worker(database, artefacts.beside(board, files), RULES) as one:
            one.run(drain=True)
        os._exit(0)
    return process


def killed(place: Board, kills: int) -> dict[str, Any]:
    """What is wrong after so many kills: nothing, if all is well."""
    blocks = kills
    with place.fresh(blocks) as (board, files):
        words = [sys.executable, faults.__file__, board, files, "--accidents", str(kills), "--patience", "3600"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return {**json.loads(done.stdout), "jobs": blocks, "wrong": faults.wrong(board, files, blocks, 1)}


if __name__ == "__main__":
    main()
