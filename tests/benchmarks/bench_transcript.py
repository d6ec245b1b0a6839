"""Transcripts: what it costs to record, how large they are, how fast they are read. 16 walkers for 1,000 steps, with and without read-outs.

    python tests/benchmarks/bench_transcript.py --json runs/bench/transcript.json

Walkers of wayfinding remember 22 numbers of 4 bytes; the targets are for 12, so the second column is 12/22 of the first. ``note`` is the
time of ``Recorder.step`` while it gathers what there is, ``write`` that of packing and writing chunks of 64 steps; ``any step`` is the
slowest of 200 states at random, after the file was opened and the first one was asked for. Each figure is the best of several rounds.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.worlds import Batch, make_batch
from avatarium.worlds.core import blocks
from avatarium.worlds.core.recorder import CHUNK, Recorder
from avatarium.worlds.core.transcript import Transcript

WALKERS, STEPS, NUMBERS = 16, 1000, 12
TOLD = ("value", "entropy", "intrinsic")
TARGETS = {"KiB": 300.0, "write ms": 3.0, "any step ms": 1.0}


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default: %(default)s)")
    args = parser.parse_args()
    batch = make_batch("wayfinding", autoreset=False, walkers=WALKERS, episode_steps=STEPS)
    share = NUMBERS * 4 / batch.state.avatars.dtype.itemsize
    rounds = {told: [measured(batch, told) for _ in range(args.rounds)] for told in ((), TOLD)}
    found = {told: {name: min(one[name] for one in some) for name in some[0]} for told, some in rounds.items()}
    print(f"{'':<14}{'all':>10}{'12 numbers':>12}{'with read-outs':>16}{'target':>10}")
    for name, plain in found[()].items():
        scaled, target = plain * share if name in ("KiB", "write ms") else plain, TARGETS.get(name)
        print(f"{name:<14}{plain:>10.3g}{scaled:>12.3g}{found[TOLD][name]:>16.3g}{'' if target is None else f'{target:g}':>10}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"plain": found[()], "read-outs": found[TOLD], "share": share}, indent=1) + "\n")


def measured(batch: Batch, told: tuple[str, ...]) -> dict[str, float]:
    """Record one episode and read it: sizes in KiB, times in ms."""
    with tempfile.TemporaryDirectory() as folder:
        steps, path = recorded(batch, told, Path(folder))
        size, opened, transcript = path.stat().st_size / 1024, *timed(lambda: Transcript.open(path))
        first, _ = timed(lambda: transcript.state(0))
        order = np.random.default_rng(0).integers(0, transcript.steps, 200).tolist()
        return {
            "KiB": size,
            "note ms": 1000 * statistics.median(steps) * len(steps),
            "write ms": 1000 * sum(steps[CHUNK - 1 :: CHUNK]) - 1000 * statistics.median(steps) * (len(steps) // CHUNK),
            "open ms": opened,
            "first step ms": first,
            "any step ms": max(timed(lambda t=t: transcript.state(t))[0] for t in order),  # type: ignore[misc]
            "read-outs ms": timed(lambda: transcript.readouts)[0],
            "unpack ms": timed(lambda: list(blocks.read(path)))[0],
        }


def recorded(batch: Batch, told: tuple[str, ...], folder: Path) -> tuple[list[float], Path]:
    """Seconds of every step of a recorder, and the transcript; the walkers do what their heuristic does."""
    batch.reset([5])
    recorder, rng, times = Recorder(folder, batch, [5], readouts={"walker": told}), np.random.default_rng(1), []
    opinion = rng.normal(size=(len(told), 1, WALKERS)).astype(np.float32)
    heuristic: Any = batch.spec.heuristic
    while not batch.episodes.over.all():
        actions = heuristic("walker", batch.observations["walker"].reshape(WALKERS, -1), batch.config)
        batch.step({"walker": actions.reshape(1, WALKERS, -1)})
        opinion += rng.normal(size=opinion.shape).astype(np.float32) * np.float32(0.1)
        begun = time.perf_counter()
        recorder.step({"walker": dict(zip(told, opinion, strict=True))})
        times.append(time.perf_counter() - begun)
    return times, recorder.paths[0]


def timed(what: Any) -> tuple[float, Any]:
    """Milliseconds that a call takes, and what it returns."""
    begun = time.perf_counter()
    found = what()
    return 1000 * (time.perf_counter() - begun), found


if __name__ == "__main__":
    main()
