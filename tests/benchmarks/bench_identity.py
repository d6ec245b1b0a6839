"""Who is it? How well the meter tells policies of wayfinding apart, from the recordings of one seat and from what is published of it.

    python tests/benchmarks/bench_identity.py --sessions 20 --json runs/bench/identity.json

Each policy stands in for a person: it moves walker_0 of a building that nobody else of them walks in, among seven walkers who are moved by
the same policy throughout, and consents to being published. The meter learns some sessions of each and says who is in the others; the
data sets are then published with all that is sensed and decided, and with places rounded to 0.5, 1 and 2 m alone.
"""

import argparse
import json
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatarium import agents
from avatarium.agents.consent import agreeing, keys
from avatarium.agents.consent.ledger import Ledger, near
from avatarium.agents.datasets.anonymity import Public
from avatarium.agents.datasets.exporting import Wanted
from avatarium.agents.datasets.publishing import publish
from avatarium.agents.play import play
from avatarium.agents.policy import Memory, Policy, Turn

WORLD, ROLE, SEAT = "wayfinding", "walker", "walker_0"
STAND_INS = ("heuristic", "wayfinding/mlp-1", "wayfinding/mlp-2", "wayfinding/mlp-3", "wayfinding/pushy", "wayfinding/keep-left")
COMPANY = "wayfinding/keep-right"
GRIDS_M = (None, 0.5, 1.0, 2.0)


@dataclass
class Cast:
    """One policy in the first seat, another one in all others."""

    first: Policy
    others: Policy
    name: str = "cast"

    def initial_state(self, rows: int) -> Memory:
        """What both remember, for all rows."""
        self._split = len(self.first.initial_state(rows))
        return (*self.first.initial_state(rows), *self.others.initial_state(rows))

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Each decides for everybody; whose decision counts, the seat says."""
        mine, after = self.first.step(turn, state[: self._split])
        theirs, later = self.others.step(turn, state[self._split :])
        return np.where((turn.avatars == 0)[:, None], mine, theirs), (*after, *later)


def main() -> None:
    """Record, publish, measure, print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20, help="of each stand-in, of 60 s (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave recordings and data sets there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        record(folder / "recordings", args.sessions)
        figures = [published(folder, grid_m) for grid_m in GRIDS_M]
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(figures, indent=1) + "\n")


def record(folder: Path, sessions: int) -> None:
    """Episodes of every stand-in in buildings of its own, with its consent to be published."""
    others = agents.load(COMPANY, WORLD, ROLE)
    for number, address in enumerate(STAND_INS):
        policy = agents.load(address, WORLD, ROLE)
        token = keys.kept(folder / f"{number}.key")
        subject = keys.subject_of(keys.key_of(token))
        agreeing.grant(Ledger(near(folder)), token, ("publish",), line="stands in for a person")
        seeds = [1000 * number + k for k in range(sessions)]

        def extra(seed: int, subject: str = subject) -> dict[str, Any]:
            person = {"agent": SEAT, "subject": subject, "session": f"{subject}-{seed}"}
            return {"persons": [person], "human": {"agent": SEAT, "role": ROLE, "device": "keyboard", "time": "2027-03-15T12:00:00+00:00"}}

        play(WORLD, {ROLE: Cast(policy, others, address)}, seeds, folder / str(number), extra=extra)


def published(folder: Path, grid_m: float | None) -> dict[str, Any]:
    """Publish the recordings, and print the table of the card."""
    name, begun = f"grid-{100 * grid_m:g}-cm" if grid_m else "all", time.perf_counter()
    publish([folder / "recordings"], folder / "out", Wanted(name=name), Public(coarse_m=grid_m), rng=random.Random(1))
    card = (folder / "out" / name / "README.md").read_text()
    table = [line for line in card.splitlines() if line.startswith("|")]
    print(f"{name}, {time.perf_counter() - begun:.1f} s", *table, "", sep="\n")
    return {"name": name, "table": table}


if __name__ == "__main__":
    main()
