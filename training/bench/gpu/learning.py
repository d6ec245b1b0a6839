"""How fast training is on a GPU that it never leaves, and how soon a policy is good."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avatarium.training.bench.gpu.figures import WORLD, Pace, Row, Tell
from avatarium.training.run import history
from avatarium.training.run.history import Point
from avatarium.worlds.core.errors import UserError

PROGRAM = "import sys; from avatarium.worlds.cli import main; sys.exit(main(sys.argv[1:]))"
GOOD = {"success": 0.93, "SPL": 0.80}
"""What a policy of wayfinding is to reach."""
STEADY = 3
"""Updates in a row that have to be good: one alone may be lucky."""


@dataclass(frozen=True)
class Kind:
    """A network, for how many minutes it is trained, by which words, and how many agent-steps a second that should make."""

    network: str
    minutes: float
    words: tuple[str, ...]
    target: float


KINDS = (Kind("mlp", 1.0, (), 5e6), Kind("lstm", 0.5, ("--train", "network=lstm", "--train", "layers=1"), 1e6))
SECONDS_TARGET = 60.0


@dataclass(frozen=True)
class Trained:
    """A run that is over."""

    points: list[Point]
    process_s: float
    """Of the whole command: start, training, export."""

    @property
    def rates(self) -> tuple[float, ...]:
        """Decisions a second, played and learnt from, of the updates in the later half: kernels are compiled in the first."""
        return tuple(point["decisions_per_second"] for point in self.points[len(self.points) // 2 :])

    @property
    def good_after_s(self) -> float | None:
        """Seconds of training, compiling included, after which the policy is as ``GOOD`` as it is to be; None when it never is."""
        for k in range(STEADY, len(self.points) + 1):
            last = self.points[k - STEADY : k]
            if all(point.get(name, 0.0) >= least for point in last for name, least in GOOD.items()):
                return last[-1]["seconds"]
        return None


def trained(words: Sequence[str], folder: Path) -> Trained:
    """Train with ``avatarium train`` and more ``words`` in a process of its own. Raises UserError with what it says when it fails."""
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        "train",
        WORLD,
        "--device",
        "cuda",
        "--out",
        str(folder),
        "--evaluate",
        "0",
        "--quiet",
        *words,
    ]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"avatarium {' '.join(command[3:])} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return Trained(history.read(folder), time.perf_counter() - began)


def measured(pace: Pace, tell: Tell) -> list[Row]:
    """Agent-steps a second that are played and learnt from, by network, and the seconds until the first of them is good."""
    rows = []
    for kind in KINDS:
        words = (*(("--minutes", str(kind.minutes)) if pace.training is None else pace.training), *kind.words)
        with tempfile.TemporaryDirectory() as folder:
            run = trained(words, Path(folder) / kind.network)
        rate = statistics.median(run.rates)
        tell(f"{kind.network}: {rate:,.0f} agent-steps/s over {len(run.points)} updates")
        about = {"updates": len(run.points), "training_s": run.points[-1]["seconds"], "process_s": run.process_s, "words": " ".join(words)}
        what = f"{WORLD}, trained, {kind.network}"
        rows.append(Row(f"trained_per_s_{kind.network}", what, rate, "agent-steps", kind.target, run.rates, about=about))
        rows += [_success(run)] if kind is KINDS[0] else []
    return rows


def _success(run: Trained) -> Row:
    seconds = run.good_after_s
    wanted = " and ".join(f"{name} {least:.2f}" for name, least in GOOD.items())
    last = {name: run.points[-1].get(name) for name in GOOD}
    return Row(
        "success_s", f"{WORLD}, until {wanted}", float("inf") if seconds is None else seconds, "s", SECONDS_TARGET, about={"at_end": last}
    )
