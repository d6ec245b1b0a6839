"""``avatarium bench``: how fast things are on this machine; here how fast worlds step: one thread, random actions, resets included."""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatarium.worlds.core.errors import UserError

if TYPE_CHECKING:
    from avatarium.worlds.core.batch import Batch
    from avatarium.worlds.core.spec import WorldSpec

GROUP = "avatarium.benches"
"""Entry points whose classes, commands like any other, measure something: their name follows ``avatarium bench``."""
STEPS_PER_CHECK = 16
"""Steps between two looks at the clock; the actions of so many steps are drawn beforehand and used again and again."""

Runner = Callable[[], int]
"""Makes ``STEPS_PER_CHECK`` steps and returns the agent-steps among them: one is one action of one avatar that is there."""


@dataclass(frozen=True)
class Row:
    """One measurement: the median of several windows. ``cpu_share`` well below 1 means that something else had the core."""

    world: str
    way: str
    num_envs: int
    agents: int
    agent_steps_per_s: int
    cpu_share: float
    windows: tuple[int, ...]


class Bench:
    """Measure the speed of something."""

    help = "measure how fast worlds step, or training is, on this machine"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``: what to measure, and the arguments of that."""
        benches = parser.add_subparsers(dest="what", required=True, metavar="WHAT", help="what to measure")
        for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
            bench = entry.load()()
            sub = benches.add_parser(entry.name, help=bench.help, description=bench.help, allow_abbrev=False)
            bench.add_arguments(sub)
            sub.set_defaults(bench=bench)

    def run(self, args: argparse.Namespace) -> int:
        """Measure what was asked for."""
        code: int = args.bench.run(args)
        return code


class WorldsBench:
    """Measure the speed of worlds."""

    help = "agent-steps a second of worlds that are stepped by random actions"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="which worlds (default: all but diagnostics)")
        parser.add_argument("--num-envs", type=int, default=512, help="environments in a batch (default: %(default)s)")
        parser.add_argument("--seconds", type=float, default=2.0, help="length of one of three windows (default: %(default)s)")
        parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="a setting of the worlds")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")

    def run(self, args: argparse.Namespace) -> int:
        """Print a line per world and way of stepping it."""
        from avatarium.worlds.core import discovery

        if args.seconds <= 0:
            raise UserError(f"--seconds is {args.seconds}, but a window has to last a while")
        specs = [discovery.spec(name) for name in args.names or discovery.names()]
        specs = [spec for spec in specs if args.names or discovery.DIAGNOSTIC not in spec.tags]
        rows = []
        print(f"{'world':<16} {'way':<16} {'environments':>12} {'agents':>7} {'agent-steps/s':>14} {'cpu':>5}")
        for spec in specs:
            for row in measured(spec, args.num_envs, args.seconds, args.set):
                print(
                    f"{row.world:<16} {row.way:<16} {row.num_envs:>12} {row.agents:>7} {row.agent_steps_per_s:>14,} {row.cpu_share:>5.2f}",
                    flush=True,
                )
                rows.append(row)
        if args.json:
            args.json.parent.mkdir(parents=True, exist_ok=True)
            args.json.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=1) + "\n")
        return 0


def measured(spec: "WorldSpec", num_envs: int, seconds: float, overrides: list[str]) -> Iterator[Row]:
    """The speed of a world as a batch, as a batch of one, and through PettingZoo's dictionaries."""
    from avatarium.worlds.core.batch import Batch
    from avatarium.worlds.core.parallel import World
    from avatarium.worlds.core.settings import parse_overrides

    config = parse_overrides(overrides, spec.config)
    for way, count in (("arrays", num_envs), ("arrays", 1)):
        batch = Batch(spec, count, **config)
        yield timed(batch_runner(batch), seconds, spec.name, way, count, sum(batch.num_agents.values()))
        batch.close()
    world = World(spec, **config)
    yield timed(world_runner(world), seconds, spec.name, "PettingZoo", 1, len(world.possible_agents))
    world.close()


def batch_runner(batch: "Batch", seed: int = 0) -> Runner:
    """Steps a batch with random actions."""
    import numpy as np

    from avatarium.worlds.core.chance import random_actions

    rng = np.random.default_rng(seed)
    table = [random_actions(batch, rng) for _ in range(STEPS_PER_CHECK)]
    batch.reset(seed)

    def run() -> int:
        for actions in table:
            batch.step(actions)
        return STEPS_PER_CHECK * sum(int(present.sum()) for present in batch.present.values())

    return run


def world_runner(world: Any, seed: int = 0) -> Runner:
    """Steps a PettingZoo ParallelEnv with random actions; begins anew when an episode has ended."""
    for k, agent in enumerate(world.possible_agents):
        world.action_space(agent).seed(seed + k)
    table = [{agent: world.action_space(agent).sample() for agent in world.possible_agents} for _ in range(STEPS_PER_CHECK)]
    world.reset(seed=seed)

    def run() -> int:
        count = 0
        for actions in table:
            if not world.agents:
                world.reset()
            count += len(world.agents)
            world.step(actions if len(world.agents) == len(actions) else {agent: actions[agent] for agent in world.agents})
        return count

    return run


def timed(run: Runner, seconds: float, world: str, way: str, num_envs: int, agents: int, windows: int = 3) -> Row:
    """Call ``run`` once to compile and warm up, then over and over through several windows of so many seconds."""
    run()
    rates, shares = [], []
    for _ in range(windows):
        count, begun, cpu = 0, time.perf_counter(), time.process_time()
        while (spent := time.perf_counter() - begun) < seconds:
            count += run()
        rates.append(round(count / spent))
        shares.append((time.process_time() - cpu) / spent)
    return Row(world, way, num_envs, agents, round(statistics.median(rates)), round(statistics.median(shares), 2), tuple(rates))


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    packages = {name: version(name) for name in ("avatarium", "numba", "numpy", "pettingzoo")}
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **packages,
    }


def processor() -> str:
    """The model of the processor, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
