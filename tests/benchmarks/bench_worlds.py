"""wayfinding beside VMAS `navigation`: 8 agents with 24 rays, batches of 1,024, random actions, one core, turn and turn about.

    python tests/benchmarks/bench_worlds.py --json runs/bench/vmas.json

VMAS is installed into a folder of its own (it wants an old gym), on the torch that is here. Both sides run in processes of their own on
the same core, A B A B, so that whatever else the machine does falls on both; the figure is the median of the pairs' ratios, by wall time
and, which a busy machine disturbs less, by CPU time. VMAS resets its whole batch every 100 steps, which flatters it a little; wayfinding
resets each building when its episode ends.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PEER = ["vmas==1.5.2", "pyglet==1.5.27", "gym==0.26.2", "gym-notices", "six"]

OURS = """
import json, sys
from avatarium import worlds
from avatarium.worlds.bench import batch_runner, timed

batch = worlds.make_batch("wayfinding", num_envs=int(sys.argv[1]))
row = timed(batch_runner(batch), float(sys.argv[2]), "wayfinding", "arrays", batch.num_envs, 8, windows=1)
print(json.dumps({"agent_steps_per_s": row.agent_steps_per_s, "cpu_share": row.cpu_share}))
"""

THEIRS = """
import json, sys, torch, vmas
from avatarium.worlds.bench import timed

torch.set_num_threads(1)
torch.set_grad_enabled(False)
eight = {"n_agents": 8, "n_lidar_rays": 24}
env = vmas.make_env(scenario="navigation", num_envs=int(sys.argv[1]), device="cpu", continuous_actions=True, seed=0, **eight)
env.reset()
actions = [[env.get_random_action(agent) for agent in env.agents] for _ in range(8)]
made = 0

def run():
    global made
    for chosen in actions:
        env.step(chosen)
        made += 1
        if made % 100 == 0:
            env.reset()
    return len(actions) * len(env.agents) * env.num_envs

row = timed(run, float(sys.argv[2]), "navigation", "VMAS", env.num_envs, len(env.agents), windows=1)
print(json.dumps({"agent_steps_per_s": row.agent_steps_per_s, "cpu_share": row.cpu_share}))
"""


def main() -> None:
    """Measure and print; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-envs", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5, help="windows per side (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a window (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path("runs/bench/vmas.json"), help="where the figures go (default: %(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *PEER]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        pairs = [(measured(OURS, args, folder), measured(THEIRS, args, folder)) for _ in range(args.rounds)]
    figures = report(pairs, args)
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"agent-steps/s: wayfinding {figures['wayfinding']:,}, VMAS navigation {figures['vmas']:,}")
    print(f"{figures['ratio']:.1f} times as fast ({figures['ratio_by_cpu_time']:.1f} times by CPU time)")


def measured(program: str, args: argparse.Namespace, folder: str) -> dict[str, float]:
    """One window of one side, in a process of its own on one core."""
    core = min(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(args.num_envs), str(args.seconds)],
        env=os.environ | {"PYTHONPATH": folder, "OMP_NUM_THREADS": "1"},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def report(pairs: list[tuple[dict[str, float], dict[str, float]]], args: argparse.Namespace) -> dict[str, object]:
    """Medians of both sides, and of the ratios within pairs."""
    from avatarium.worlds.bench import machine

    ours, theirs = ([row["agent_steps_per_s"] for row in side] for side in zip(*pairs, strict=True))
    shares = [b["cpu_share"] / a["cpu_share"] for a, b in pairs]
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {
        "wayfinding": round(statistics.median(ours)),
        "vmas": round(statistics.median(theirs)),
        "ratio": statistics.median(ratios),
        "ratio_by_cpu_time": statistics.median(r * s for r, s in zip(ratios, shares, strict=True)),
        "pairs": pairs,
        "num_envs": args.num_envs,
        "agents": 8,
        "rays": 24,
        "machine": machine(),
    }


if __name__ == "__main__":
    main()
