"""The sandbox: what it costs per call, how long a verdict takes, and whether damaged submissions bring the reader or the gates down.

    python tests/benchmarks/bench_sandbox.py --mutants 100000 --json runs/bench/sandbox.json

A network of 64x64 on 128 features, on one thread. ``here`` is onnxruntime in this process, ``sandbox`` the same graph in a locked one; each
figure is the best of several rounds, alternately. A verdict is a whole ``avatarium check`` of an honest submission for wayfinding, with
the start of Python; before it is measured, it is made once, so that the world is compiled. Of the mutants a third each are archives,
manifests and graphs; ``wrong`` are those that brought something other than a sentence.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.exported import OnnxPolicy, pack
from avatarium.agents.manifest import Manifest
from avatarium.leaderboards.corpus.building import helper, node, value, weight
from avatarium.leaderboards.corpus.mutants import mutants
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy
from avatarium.worlds.core import discovery
from avatarium.worlds.core.spec import Feature, Head, Role

FEATURES, HIDDEN = 128, 64
BATCHES = (1, 8, 256, 1024, 4096)
TARGETS = {"overhead us": 50.0, "observations/s": 1e6, "verdict s": 2.0}
WORLD = "wayfinding"
CHECK = "import sys; from avatarium.leaderboards.check import check; sys.exit(not check(sys.argv[1]).accepted)"


def main() -> None:
    """Measure and print; write JSON where asked. Fails when a mutant got something other than a sentence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--rounds", type=int, default=7, help="how often everything is measured (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=20_000, help="how many damaged submissions (default: %(default)s)")
    args = parser.parse_args()
    calls, verdict, damaged = per_call(args.rounds), min(verdicts(args.rounds)), survived(args.mutants)
    print(f"{'batch':>8}{'here us':>12}{'sandbox us':>12}{'overhead us':>13}{'observations/s':>16}")
    for rows, one in calls.items():
        print(f"{rows:>8}{one['here us']:>12.1f}{one['sandbox us']:>12.1f}{one['overhead us']:>13.1f}{one['observations/s']:>16,.0f}")
    first, many = calls[BATCHES[0]]["overhead us"], calls[256]["observations/s"]
    print(f"overhead at batch 1: {first:.1f} us (target {TARGETS['overhead us']:g})")
    print(f"observations/s at batch 256: {many:,.0f} (target {TARGETS['observations/s']:,.0f})")
    print(f"verdict: {verdict:.2f} s (target {TARGETS['verdict s']:g})")
    print(f"mutants: {args.mutants:,} in {damaged['seconds']:.0f} s, {damaged['processes']} processes, {len(damaged['wrong'])} wrong")
    for end, count in damaged["ends"].items():
        print(f"  {end:<40}{count:>8,}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"calls": calls, "verdict s": verdict, "mutants": damaged, "targets": TARGETS}, indent=1) + "\n")
    if damaged["wrong"]:
        raise SystemExit("\n".join(damaged["wrong"]))


def per_call(rounds: int) -> dict[int, dict[str, float]]:
    """µs per call in this process and in the sandbox, by batch size."""
    heads = (Head("walk", ("stay", "forward", "back")), Head("turn", ("left", "right")))
    role = Role("walker", 2, (Feature("body", FEATURES, -1, 1, "", "body"),), heads, ("task",))
    choices = tuple(len(head.choices) for head in role.heads)
    manifest = Manifest("mlp", WORLD, 1, role.name, role.signature(), choices)
    content = mlp(FEATURES, sum(choices))
    found, mine = {}, OnnxPolicy(manifest, content)
    with SandboxedPolicy(manifest, content, role) as policy, policy.unaudited():
        for rows in BATCHES:
            seen = np.random.default_rng(0).uniform(-1, 1, (rows, FEATURES)).astype(np.float32)
            pairs = [(timed(partial(mine.infer, (seen,)), rows), timed(partial(policy.infer, (seen,)), rows)) for _ in range(rounds)]
            here, there = (1e6 * min(side) for side in zip(*pairs, strict=True))
            found[rows] = {"here us": here, "sandbox us": there, "overhead us": there - here, "observations/s": 1e6 * rows / there}
    return found


def mlp(features: int, logits: int) -> bytes:
    """An ONNX graph of two hidden layers with tanh."""
    rng, widths = np.random.default_rng(0), (features, HIDDEN, HIDDEN, logits)
    nodes, weights, last = [], [], "observation"
    for k, (width, wider) in enumerate(itertools.pairwise(widths)):
        weights += [weight(f"w{k}", rng.normal(size=(width, wider)) / np.sqrt(width)), weight(f"b{k}", np.zeros(wider))]
        nodes += [node("Gemm", f"{last} w{k} b{k}", f"x{k}"), node("Tanh", f"x{k}", f"h{k}")]
        last = f"h{k}"
    nodes[-1] = node("Identity", f"x{len(widths) - 2}", "logits")
    graph = helper().make_graph(nodes, "mlp", [value("observation", "batch", features)], [value("logits", "batch", logits)], weights)
    content: bytes = helper().make_model(graph, opset_imports=[helper().make_opsetid("", 17)], ir_version=8).SerializeToString()
    return content


def timed(call: Callable[[], object], rows: int) -> float:
    """Seconds of one call, over so many that it can be measured."""
    times = 500 if rows < 100 else 50
    for _ in range(10):
        call()
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


def verdicts(rounds: int) -> list[float]:
    """Seconds of whole checks of an honest submission, each in a process of its own."""
    spec = discovery.spec(WORLD)
    role = spec.roles(spec.config())[0]
    choices = tuple(len(head.choices) for head in role.heads)
    manifest = Manifest("mlp", spec.name, spec.version, role.name, role.signature(), choices, author="Ada", licence="Apache-2.0")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = pack(Path(folder, "mlp.zip"), mlp(role.observation_size, sum(choices)), manifest)
        for _ in range(1 + rounds):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", CHECK, str(path)], check=True)
            found.append(time.perf_counter() - began)
    return found[1:]


def survived(count: int) -> dict[str, Any]:
    """What became of mutants, and how long they took."""
    began = time.perf_counter()
    tally = mutants(range(count))
    ends = {f"{kind}, {end}": number for (kind, end), number in sorted(tally.ends.items())}
    told = {"seconds": time.perf_counter() - began, "slowest s": tally.slowest_s, "processes": tally.processes}
    return told | {"ends": ends, "wrong": tally.wrong}


if __name__ == "__main__":
    main()
