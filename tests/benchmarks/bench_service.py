"""The service: how long it takes, within the server, to answer with pages and JSON on a board of 1,000 submissions and 100,000 matches.

    python tests/benchmarks/bench_service.py --json runs/bench/service.json

Times are from the first byte of a request to the last one of its answer, without a network: median and 95 % quantile of 50 requests, one
after the other, on SQLite. ``again`` is asking for a version that one has.
"""

import argparse
import importlib.util
import json
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.service.app import create
from avatarium.leaderboards.service.settings import Limits, Settings

SUBMISSIONS, MATCHES, REQUESTS = 1000, 100_000, 50
TARGET_MS = 300.0
PAGES = {
    "table": "/",
    "table, all lines": "/?size=1000",
    "table, all lines and columns": "/?size=1000&columns=all",
    "table, sorted and filtered": "/?sort=pillar-social&order=down&find=heron",
    "matches": "/matches",
    "submissions": "/submissions",
    "season": "/seasons/spring-2026",
    "table as JSON": "/api/v1/seasons/spring-2026/table",
    "submissions as JSON": "/api/v1/submissions?limit=200",
}


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    args = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder))
    print(f"{'':<30}{'median ms':>11}{'p95 ms':>9}{'kB':>8}{'target ms':>11}")
    for name, one in found.items():
        target = f"{TARGET_MS:g}" if name.startswith("table") else ""
        print(f"{name:<30}{one['median ms']:>11.1f}{one['p95 ms']:>9.1f}{one['kB']:>8.0f}{target:>11}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def measured(folder: Path) -> dict[str, dict[str, float]]:
    """Figures by page."""
    board = folder / "board.sqlite"
    with Database(board) as database:
        rows = made_up().fill(database, Artefacts(folder / "artefacts"), SUBMISSIONS, MATCHES)
    with TestClient(create(Settings(str(board), limits=Limits(requests=10**6)))) as client:
        found = {name: timed(client, path) for name, path in (PAGES | {"policy": f"/submissions/{rows[0].key}"}).items()}
        tag = client.get("/").headers["etag"]
        return found | {"table, again": timed(client, "/", {"If-None-Match": tag})}


def timed(client: TestClient, path: str, headers: dict[str, str] | None = None) -> dict[str, float]:
    """Milliseconds of so many requests, and the size of an answer."""
    answer: Any = client.get(path, headers=headers)
    assert answer.status_code in (200, 304), path
    times = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        client.get(path, headers=headers)
        times.append(1000 * (time.perf_counter() - begun))
    return {"median ms": statistics.median(times), "p95 ms": statistics.quantiles(times, n=20)[-1], "kB": len(answer.content) / 1000}


def made_up() -> Any:
    """The season that the tests of the service make up."""
    path = Path(__file__).parents[1] / "leaderboards" / "service" / "demo.py"
    spec = importlib.util.spec_from_file_location("demo", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
