"""Pictures through avatars' eyes: views drawn in a second, as a table in Markdown, and how that compares with MiniWorld.

    python tests/benchmarks/bench_pixels.py

A view is what one avatar that is there sees at one moment; the worlds stand still meanwhile. `uint8` goes into arrays of bytes,
`float32` is the same as part of an observation, `OpenGL` is drawn by `avatarium.render.pixels`, `CUDA` in a batch of `--gpu-envs`
environments that is stepped on a GPU, where pictures stay. No process is pinned to a core: `cpu` well below the number of threads means
that something else had the cores.

Beside MiniWorld, where that is installed: its maze is stepped with one agent, wayfinding as a batch of environments with eight; either
way every step makes a picture of the same size for every agent. Rays and rewards of wayfinding are in its figure. Each has a process of
its own with one thread, turn and turn about.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numba import cuda

from avatarium import worlds
from avatarium.render.draw import context
from avatarium.render.pixels import GlEyes
from avatarium.worlds.bench import machine, timed
from avatarium.worlds.core import discovery
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch

CROWDED: dict[str, dict[str, Any]] = {
    "commons": {"pickers": 16},
    "domination": {"team": 8},
    "gathering": {"guests": 16},
    "museum": {"visitors": 12, "crowd": 4},
    "wayfinding": {"walkers": 16},
}
"""Settings that put 16 avatars into a world."""

OURS = """
import json, sys
from avatarium import worlds
from avatarium.worlds.bench import batch_runner, timed

size, num_envs, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
batch = worlds.make_batch("wayfinding", num_envs, **{"pixels.width": size, "pixels.height": size})
row = timed(batch_runner(batch), seconds, "wayfinding", "pixels", num_envs, 8, windows=1)
print(json.dumps(row.agent_steps_per_s))
"""

THEIRS = """
import json, sys
import pyglet
pyglet.options["headless"] = True
import gymnasium, miniworld
import numpy as np
from avatarium.worlds.bench import timed

size, seconds = int(sys.argv[1]), float(sys.argv[3])
env = gymnasium.make("MiniWorld-Maze-v0", obs_height=size, obs_width=size).unwrapped
env.reset(seed=0)
actions = np.random.default_rng(0).integers(0, env.action_space.n, 64).tolist()

def run():
    for action in actions:
        _, _, termination, truncation, _ = env.step(action)
        if termination or truncation:
            env.reset()
    return len(actions)

print(json.dumps(timed(run, seconds, "Maze", "MiniWorld", 1, 1, windows=1).agent_steps_per_s))
"""


@dataclass(frozen=True)
class Figure:
    """One measurement: the median of several windows."""

    world: str
    avatars: int
    boxes: float
    size: int
    way: str
    threads: int
    views_per_s: int
    cpu: float
    windows: tuple[int, ...]


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="WORLD", help="which worlds (default: all that can be seen)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 84], help="sides of pictures in pixels (default: %(default)s)")
    parser.add_argument("--num-envs", type=int, default=32, help="environments in a batch (default: %(default)s)")
    parser.add_argument("--gpu-envs", type=int, default=4096, help="environments in a batch on a GPU (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="windows of each measurement (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a window (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    args = parser.parse_args()
    figures = table(args)
    peer = beside_miniworld(args)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        found = {"machine": machine(), "rows": [asdict(figure) for figure in figures], "miniworld": peer}
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def table(args: argparse.Namespace) -> list[Figure]:
    """Print a row for every measurement."""
    names = args.names or [name for name in worlds.names() if discovery.spec(name).sights is not None]
    opengl = importlib.util.find_spec("moderngl") is not None and context.gl() is not None
    print("| world | avatars | boxes | pixels | into | threads | views/s | cpu | views/s of cpu |\n|---|--:|--:|--:|---|--:|--:|--:|--:|")
    figures = []
    for name in names:
        for config in [{}, *([CROWDED[name]] if name in CROWDED else [])]:
            for figure in measured(name, config, args, opengl):
                print(
                    f"| {figure.world} | {figure.avatars} | {figure.boxes:.0f} | {figure.size}² | {figure.way} | {figure.threads} "
                    f"| {figure.views_per_s:,} | {figure.cpu:.2f} | {figure.views_per_s / figure.cpu:,.0f} |",
                    flush=True,
                )
                figures.append(figure)
    print(f"\nOpenGL: {context.describe()['renderer']}" if opengl else "\nThere is no OpenGL here, so nothing was drawn with it.")
    return figures


def measured(name: str, config: dict[str, Any], args: argparse.Namespace, opengl: bool) -> Iterator[Figure]:
    """All ways of drawing one world."""
    cpu = [(args.num_envs, {"threads": threads}) for threads in (1, 2)]
    gpu = [(args.gpu_envs, {"device": "cuda"})] if cuda.is_available() else []
    for num_envs, where in cpu + gpu:
        batch, threads = played(name, num_envs, config | where), where.get("threads", 1)
        role = max(batch.num_agents, key=lambda one: batch.num_agents[one])
        avatars, boxes = batch.state.avatars.shape[1], float(here(batch.state.plan.num_boxes).mean())
        for size in args.sizes:
            for way, run, close in ways(batch, role, size, opengl and where == {"threads": 1}):
                row = timed(run, args.seconds, name, way, num_envs, avatars, windows=args.rounds)
                yield Figure(name, avatars, boxes, size, way, threads, row.agent_steps_per_s, row.cpu_share, row.windows)
                close()
        batch.close()


def played(name: str, num_envs: int, how: dict[str, Any]) -> Batch:
    """A batch whose avatars have walked about for a while."""
    batch = worlds.make_batch(name, num_envs, **how)
    batch.reset(0)
    rng = np.random.default_rng(0)
    for _ in range(40):
        batch.step(random_actions(batch, rng))
    return batch


def here(array: Any) -> np.ndarray:
    """An array of a batch in the memory of the CPU."""
    return array if isinstance(array, np.ndarray) else device.fetch(array)


def ways(batch: Batch, role: str, size: int, opengl: bool) -> Iterator[tuple[str, Callable[[], int], Callable[[], None]]]:
    """Ways to draw what ``role`` sees: their name, what draws all views once and returns how many these are, and what ends it."""
    where, place, wait = (", CUDA", device.place, cuda.synchronize) if isinstance(batch, GpuBatch) else ("", np.asarray, lambda: None)
    eyes = batch.eyes(role, size, size)
    count, agents = eyes.shape[:2]
    seen = int(here(batch.state.avatars)["present"][:, eyes.first : eyes.first + agents].sum())
    rgb, everywhere = place(np.zeros((*eyes.shape, 3), np.uint8)), place(np.ones(count, np.bool_))
    rows = place(np.zeros((count, agents, 3 * size * size), np.float32))

    def into_bytes() -> int:
        eyes.look(rgb)
        wait()
        return seen

    def into_observations() -> int:
        eyes.look_into(rows, 0, (False, False), everywhere)
        wait()
        return seen

    yield f"uint8{where}", into_bytes, lambda: None
    yield f"float32{where}", into_observations, lambda: None
    if opengl:
        drawn = GlEyes(batch, role, size, size)

        def with_opengl() -> int:
            drawn.look(rgb)
            return seen

        yield "uint8, OpenGL", with_opengl, drawn.close


def beside_miniworld(args: argparse.Namespace) -> dict[str, Any] | None:
    """Print how many pictures a second MiniWorld's maze makes and wayfinding does, steps and all; None where it is not installed."""
    if importlib.util.find_spec("miniworld") is None:
        print("MiniWorld is not installed, so nothing is compared with it: pip install miniworld")
        return None
    size = max(args.sizes)
    pairs = [tuple(one_side(program, size, args) for program in (OURS, THEIRS)) for _ in range(args.rounds)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"Steps with a picture of {size}² each, a second: wayfinding {ours:,.0f}, MiniWorld's maze {theirs:,.0f}; {ratio:.0f} times as many"
    )
    return {"size": size, "wayfinding": ours, "miniworld": theirs, "ratio": ratio, "pairs": pairs}


def one_side(program: str, size: int, args: argparse.Namespace) -> int:
    """One window of one side, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", program, str(size), str(args.num_envs), str(4 * args.seconds)]
    done = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True, stdout=subprocess.PIPE, text=True)
    found: int = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
