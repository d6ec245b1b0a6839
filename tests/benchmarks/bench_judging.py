"""Judging: episodes per hour and core from seeds to scores, through ``play_block`` with a policy in its sandbox.

    python tests/benchmarks/bench_judging.py --json runs/bench/judging.json

The learned walker of wayfinding plays 8 avatars for 256 steps, a block of 32 seeds at a time; an episode is counted when its transcript is
written, read again and folded into every metric that the world is judged by. "core" is the time that this process and the sandbox spend on
CPUs, both together; "wall" is what one waits for it. The best of several rounds, after one that compiles.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from avatarium.agents import populations
from avatarium.agents.archive import read
from avatarium.agents.policy import Policy
from avatarium.leaderboards.block import play_block
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy
from avatarium.leaderboards.scenarios import Scenario, scenarios
from avatarium.worlds.core import discovery, settings

WORLD, POLICY, AVATARS, STEPS, BLOCK, TARGET = "wayfinding", "wayfinding/mlp-1", 8, 256, 32, 20_000


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default: %(default)s)")
    args = parser.parse_args()
    found = {name: measured(scenario, args.rounds) for name, scenario in chosen().items()}
    print(f"{'episodes per hour':<22}{'wall':>12}{'core':>12}{'target':>12}")
    for name, one in found.items():
        print(f"{name:<22}{one['wall']:>12,.0f}{one['core']:>12,.0f}{TARGET:>12,}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def chosen() -> dict[str, Scenario]:
    """One scenario of each mode, with episodes of the length that is measured."""
    by_mode = {s.mode.name: s for s in scenarios(discovery.spec(WORLD)) if not s.with_partner and s.places == "held-out"}
    return {name: replace(s, config={**s.config, "episode_steps": STEPS, "walkers": AVATARS}) for name, s in by_mode.items()}


def measured(scenario: Scenario, rounds: int) -> dict[str, float]:
    """Episodes per hour of waiting, and per hour of one core."""
    spec = discovery.spec(WORLD)
    config: Any = settings.build(spec.config, scenario.config)
    manifest, onnx_bytes = read(str(populations.find(POLICY).path))
    with SandboxedPolicy(manifest, onnx_bytes, spec.roles(config)[0]) as policy:
        timed(scenario, policy)
        times = [timed(scenario, policy) for _ in range(rounds)]
    return {name: 3600 * BLOCK / min(one[k] for one in times) for k, name in enumerate(("wall", "core"))}


def timed(scenario: Scenario, policy: Policy) -> tuple[float, float]:
    """Seconds that a block takes, and seconds of CPU of this process and of those that it started."""
    pids = [os.getpid(), *children()]
    with tempfile.TemporaryDirectory() as folder:
        begun, spent = time.perf_counter(), sum(map(cpu, pids))
        play_block(scenario, discovery.spec(WORLD), "walker", policy, scenario.seeds(BLOCK), Path(folder))
        return time.perf_counter() - begun, sum(map(cpu, pids)) - spent


def children() -> list[int]:
    """Numbers of the processes below this one: the sandbox, and what wraps it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: list[int] = []
    ahead = [os.getpid()]
    while ahead:
        ahead = [pid for pid, parent in parents.items() if parent in ahead]
        found += ahead
    return found


def cpu(pid: int) -> float:
    """Seconds that a process has spent on CPUs so far."""
    if pid == os.getpid():
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
