"""metasync: its published and measured rows once more, the best split that never changes, its speed, and that beside mobile-env.

    python tests/benchmarks/bench_metasync.py --table                 # rows of splits, scripted agents and a random one
    python tests/benchmarks/bench_metasync.py --search                # brute force: 9 x 9 splits, then 0.05 apart about the best
    python tests/benchmarks/bench_metasync.py --speed                 # environment-steps/s on one core
    python tests/benchmarks/bench_metasync.py --peer [--python FILE]  # beside mobile-env, turn and turn about
    python tests/benchmarks/bench_metasync.py --table --json runs/bench/metasync.json

Every row of a table is of the same episodes. ``MEASURED`` is what a re-implementation in numpy of the simulator's version 1.0 gave, with
random numbers of its own, over 30 episodes (60 of the best split); the differences are shown beside. mobile-env is what that simulator
grew from: seven stations and fifteen users, who are connected one by one, and no queues. It goes into a virtual environment of its own
unless ``--python`` names an interpreter that has it. Both sides run in processes of their own on one core, A B A B; the ratio is the
median of the pairs'. It steps one environment at a time: ``--num-envs 1`` compares like with like.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from avatarium import worlds
from avatarium.worlds.core.chance import random_actions

ROLE, STEPS = "orchestrator", 100
MEASURED = {
    ".25/.25": (712, 25.9, 16.6, 0.50, 0.98),
    ".50/.50": (1382, 3.7, 18.8, 0.95, 0.53),
    ".75/.75": (820, 0.67, 36.2, 1.00, 0.09),
    ".00/.00": (0, None, None, 0, None),
    "1.00/1.00": (0, None, None, 0, None),
    "random": (1374, 7.0, 16.8, 0.91, 0.85),
    ".45/.40": (2825, 11.2, 6.3, 0.80, 0.96),
    ".40/.40": (2758, None, None, None, None),
    ".40/.35": (2764, None, None, None, None),
    ".50/.35": (2691, None, None, None, None),
    ".55/.35": (2689, None, None, None, None),
}
COLUMNS = ("return", "AoRI", "AoSI", "served", "late")
SPLITS = {name: tuple(float(part) for part in name.split("/")) for name in MEASURED if "/" in name}
PEER = "mobile-medium-central-v0"

OURS = """
import json, sys
from avatarium import worlds
from avatarium.worlds.bench import batch_runner, timed

batch = worlds.make_batch("metasync", num_envs=int(sys.argv[1]))
row = timed(batch_runner(batch), float(sys.argv[2]), "metasync", "arrays", batch.num_envs, 1, windows=1)
print(json.dumps({"steps_per_s": row.agent_steps_per_s, "cpu_share": row.cpu_share}))
"""

THEIRS = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import gymnasium, mobile_env

env = gymnasium.make(sys.argv[3])
env.reset(seed=0)
env.action_space.seed(0)
begin, cpu, steps = time.perf_counter(), time.process_time(), 0
while time.perf_counter() - begin < float(sys.argv[2]):
    _, _, over, cut, _ = env.step(env.action_space.sample())
    steps += 1
    if over or cut:
        env.reset()
wall = time.perf_counter() - begin
print(json.dumps({"steps_per_s": steps / wall, "cpu_share": (time.process_time() - cpu) / wall}))
"""


def main() -> None:
    """Measure what is asked for, and print it; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="rows of splits and scripted agents")
    parser.add_argument("--search", action="store_true", help="brute force over splits")
    parser.add_argument("--speed", action="store_true", help="steps/s on one core")
    parser.add_argument("--peer", action="store_true", help="the same beside mobile-env")
    parser.add_argument("--episodes", type=int, default=512, help="of each row and split (default: %(default)s)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="settings of --table and --search")
    parser.add_argument("--num-envs", type=int, default=256, help="of --speed and --peer (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="windows of --speed and --peer (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a window (default: %(default)s)")
    parser.add_argument("--python", type=Path, metavar="FILE", help="an interpreter that has mobile-env")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    args = parser.parse_args()
    jobs = {"table": table, "search": search, "speed": speed, "peer": peer}
    chosen = [name for name in jobs if getattr(args, name)] or ["table", "speed"]
    found = {name: jobs[name](args) for name in chosen}
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def table(args: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Print a row for every split, scripted agent and random one, all on the same episodes."""
    batch, rng = opened(args), np.random.default_rng(0)
    minds: dict[str, Callable[[], np.ndarray]] = {name: fixed(batch, split) for name, split in SPLITS.items()}
    minds["random"] = lambda: random_actions(batch, rng)[ROLE]
    minds["heuristic"] = lambda: batch.spec.heuristic(ROLE, batch.observations[ROLE][:, 0], batch.config)[:, None]  # type: ignore[misc]
    rows = np.arange(batch.num_envs)
    minds["oracle"] = lambda: batch.spec.oracle(batch, ROLE, rows, np.zeros_like(rows))[:, None]  # type: ignore[misc]
    print(f"{'':<12}" + "".join(f"{column:>9}" for column in COLUMNS) + f"{'s.e.':>8}   {'measured before':>40}   return by")
    found = {}
    for name, act in minds.items():
        found[name] = row = episode(batch, act)
        before = MEASURED.get(name, (None,) * 5)
        told = "".join(f"{'' if value is None else f'{value:g}':>8}" for value in before)
        by = f"{row['return'] / before[0] - 1:+.1%}" if before[0] else ""
        print(f"{name:<12}" + "".join(f"{row[column]:>9.{0 if column == 'return' else 2}f}" for column in COLUMNS), end="")
        print(f"{row['s.e.']:>8.1f}   {told}   {by}")
    return found


def search(args: argparse.Namespace) -> dict[str, Any]:
    """Print the best splits of a 9 x 9 grid and of one half as wide about the best of it, and the best one on fresh episodes."""
    batch = opened(args)
    coarse = graded(batch, [(a / 10, b / 10) for a in range(1, 10) for b in range(1, 10)])
    a, b = max(coarse, key=lambda split: coarse[split])
    fine = graded(batch, [(round(a + i / 20, 2), round(b + j / 20, 2)) for i in range(-3, 4) for j in range(-3, 4)])
    together = sorted((coarse | fine).items(), key=lambda one: -one[1])
    for split, mean in together[:10]:
        print(f"{split[0]:.2f}/{split[1]:.2f} {mean:9.0f}")
    fresh = episode(batch, fixed(batch, together[0][0]), seed=2)
    print(f"the best of them on fresh episodes: {fresh['return']:.0f} +- {fresh['s.e.']:.0f}")
    return {"best": together[0][0], "fresh": fresh, "splits": [[*split, mean] for split, mean in together]}


def graded(batch: worlds.Batch, splits: list[tuple[float, float]]) -> dict[tuple[float, float], float]:
    """Mean return of each split, all on the same episodes."""
    return {split: episode(batch, fixed(batch, split))["return"] for split in splits}


def opened(args: argparse.Namespace) -> worlds.Batch:
    """A batch of as many environments as episodes are wanted."""
    settings = worlds.core.settings.parse_overrides(args.set, worlds.spec("metasync").config)
    return worlds.make_batch("metasync", num_envs=args.episodes, autoreset=False, **settings)


def fixed(batch: worlds.Batch, split: tuple[float, ...]) -> Callable[[], np.ndarray]:
    """Actions float32 [N, 1, 2] that never change."""
    actions = np.tile(np.array(split, np.float32), (batch.num_envs, 1, 1))
    return lambda: actions


def episode(batch: worlds.Batch, act: Callable[[], np.ndarray], seed: int = 1) -> dict[str, float]:
    """One episode of each environment: mean return and its standard error, mean ages, shares served and late."""
    batch.reset(seed)
    returns = np.zeros(batch.num_envs)
    for _ in range(batch.config.episode_steps):
        returns += batch.step({ROLE: act()}).reward[ROLE][:, 0]
    kinds = [event.name for event in batch.spec.events]
    count, value = ({name: batch.events.tally[part][:, k].sum() for k, name in enumerate(kinds)} for part in ("count", "value"))
    done = max(count["served"], 1)
    return {
        "return": float(returns.mean()),
        "s.e.": float(returns.std() / np.sqrt(len(returns))),
        "AoRI": float(value["served"] / done),
        "AoSI": float(value["synced"] / done),
        "served": float(count["served"] / value["requested"]),
        "late": float(count["late"] / done),
    }


def speed(args: argparse.Namespace) -> dict[str, float]:
    """Print environment-steps/s, random actions and resets included."""
    rows = [measured(sys.executable, OURS, args) for _ in range(args.rounds)]
    found = {"steps_per_s": statistics.median(row["steps_per_s"] for row in rows)}
    found["by_cpu_time"] = statistics.median(row["steps_per_s"] / row["cpu_share"] for row in rows)
    print(f"{found['steps_per_s']:,.0f} environment-steps/s with {args.num_envs} environments ({found['by_cpu_time']:,.0f} by CPU time)")
    return found


def peer(args: argparse.Namespace) -> dict[str, Any]:
    """Print how many times as fast a step is as one of mobile-env."""
    with tempfile.TemporaryDirectory() as folder:
        python = str(args.python or installed(Path(folder)))
        pairs = [(measured(sys.executable, OURS, args), measured(python, THEIRS, args)) for _ in range(args.rounds)]
    ratios = [ours["steps_per_s"] / theirs["steps_per_s"] for ours, theirs in pairs]
    by_cpu = [ratio * theirs["cpu_share"] / ours["cpu_share"] for ratio, (ours, theirs) in zip(ratios, pairs, strict=True)]
    ours, theirs = (statistics.median(row["steps_per_s"] for row in side) for side in zip(*pairs, strict=True))
    print(f"environment-steps/s: metasync {ours:,.0f}, {PEER} {theirs:,.0f}")
    print(f"{statistics.median(ratios):,.0f} times as fast ({statistics.median(by_cpu):,.0f} times by CPU time)")
    return {"ratio": statistics.median(ratios), "by_cpu_time": statistics.median(by_cpu), "pairs": pairs, "num_envs": args.num_envs}


def installed(folder: Path) -> Path:
    """The interpreter of a new virtual environment with mobile-env in it."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "mobile-env"], check=True, stdout=subprocess.DEVNULL)
    return python


def measured(python: str, program: str, args: argparse.Namespace) -> dict[str, float]:
    """One window of one side, in a process of its own on one core."""
    core = min(os.sched_getaffinity(0))
    done = subprocess.run(
        [python, "-W", "ignore", "-c", program, str(args.num_envs), str(args.seconds), PEER],
        env=os.environ | {"OMP_NUM_THREADS": "1", "SDL_VIDEODRIVER": "dummy", "MPLBACKEND": "agg"},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


if __name__ == "__main__":
    main()
