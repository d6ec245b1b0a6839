"""Who learns MPE's simple_spread with how many samples, and how fast: our PPO and MAPPO beside TorchRL, stock RLlib and BenchMARL.

``python tests/benchmarks/bench_spread.py --seeds 5 --steps 300000 --out DIR``. Everybody has 32 environments in two processes, BenchMARL
in one, and one thread each. Each run is a process of its own and leaves one JSON file; whoever calls again with the same DIR goes on
where it ended. DIR also gets ``table.md`` and ``curves.png``.

BenchMARL 1.5 needs an older TorchRL than ours, and so an environment of its own: ``python -m venv BENCH``, ``BENCH/bin/pip install
benchmarl mpe2``, then ``--benchmarl-python BENCH/bin/python``; else it is left out.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

CONTESTANTS = {
    "avatarium-ppo": ("spread.ours", "ppo"),
    "avatarium-mappo": ("spread.ours", "mappo"),
    "torchrl-mappo": ("spread.torchrl_ppo", "mappo"),
    "torchrl-ippo": ("spread.torchrl_ppo", "ippo"),
    "stock-rllib": ("spread.stock", "ppo"),
    "benchmarl-mappo": ("spread.benchmarl_ppo", "mappo"),
}
"""By name: the module that trains, and its algorithm."""


def train(name: str, seed: int, steps: int, out: Path) -> None:
    """One run, in this process; writes its file."""
    module, algorithm = CONTESTANTS[name]
    diary = importlib.import_module("spread.diary").Diary(steps)
    settings = importlib.import_module(module).train(algorithm, seed, diary)
    found = {"contestant": name, "seed": seed, "steps": steps, "settings": settings, "machine": machine(), "curve": diary.judged()}
    draft = out.with_suffix(".draft")
    draft.write_text(json.dumps(found, indent=1) + "\n")
    draft.replace(out)


def machine() -> dict[str, object]:
    """What seconds depend on."""
    return {"python": platform.python_version(), "cpus": os.cpu_count(), "load_before": os.getloadavg()[2]}


def pythons(given: Path | None) -> dict[str, str]:
    """By contestant that can run here: the interpreter to run it with."""
    found = dict.fromkeys(CONTESTANTS, sys.executable)
    found["benchmarl-mappo"] = str(given or sys.executable)
    probe = subprocess.run([found["benchmarl-mappo"], "-c", "import benchmarl"], capture_output=True, check=False)
    if probe.returncode:
        print("BenchMARL cannot be imported, and is left out: see --benchmarl-python")
        del found["benchmarl-mappo"]
    return found


def begin(python: str, name: str, seed: int, steps: int, path: Path) -> None:
    """One run in a process of its own, with one thread per process."""
    command = [python, __file__, "--run", name, "--seed", str(seed), "--steps", str(steps), "--out", str(path)]
    quiet = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    with tempfile.TemporaryFile() as log:
        done = subprocess.run(command, env=os.environ | quiet, stdout=log, stderr=log, check=False)
        if done.returncode:
            log.seek(0)
            sys.exit(f"{name} with seed {seed} failed:\n{log.read().decode(errors='replace')[-4000:]}")


def load(path: Path, steps: int) -> dict[str, object]:
    """A finished run; complains about one of another length."""
    run: dict[str, object] = json.loads(path.read_text())
    if run["steps"] != steps:
        sys.exit(f"{path} has {run['steps']} steps instead of {steps}: choose another --out")
    return run


def main() -> None:
    """Run what is missing, then tell what all runs say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300_000, help="decisions of single agents per run")
    parser.add_argument("--out", type=Path, default=Path("runs/bench/spread"))
    parser.add_argument("--only", nargs="*", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--benchmarl-python", type=Path, help="interpreter of the environment where BenchMARL is installed")
    parser.add_argument("--run", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        train(args.run, args.seed, args.steps, args.out)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    able = pythons(args.benchmarl_python) if "benchmarl-mappo" in args.only else dict.fromkeys(CONTESTANTS, sys.executable)
    for seed in range(args.seeds):
        for name in (name for name in CONTESTANTS if name in args.only and name in able):
            path = args.out / f"{name}-{seed}.json"
            if not path.is_file():
                begin(able[name], name, seed, args.steps, path)
            last = load(path, args.steps)["curve"][-1]  # type: ignore[index]
            print(f"{name} seed {seed}: {last['greedy']:.2f} greedy, {last['sampled']:.2f} sampled, {last['seconds']:.0f} s", flush=True)
    report = importlib.import_module("spread.report")
    paths = [args.out / f"{name}-{seed}.json" for name in CONTESTANTS for seed in range(args.seeds)]
    runs = [load(path, args.steps) for path in paths if path.is_file()]
    (args.out / "table.md").write_text(report.table(runs))
    report.draw(runs, args.out / "curves.png")
    print(report.table(runs))


if __name__ == "__main__":
    main()
