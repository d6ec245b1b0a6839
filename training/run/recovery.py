"""What a run does when a process is lost that it cannot do without: it goes back to the last checkpoint, but not forever."""

import gc
from collections.abc import Callable
from pathlib import Path

import ray

from avatarium.training.algorithms.ppo import LearnerLost
from avatarium.training.cluster import cpus
from avatarium.training.play.samplers import RunnersLost
from avatarium.training.run import checkpoint
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.training.run.plan import Plan
from avatarium.training.run.progress import Display
from avatarium.worlds.core.errors import UserError

LOST = (LearnerLost, RunnersLost, ray.exceptions.RayError)
"""What is raised when learners, runners, or whatever else runs in a process of its own cannot be reached any more."""
MOST = 3
"""How often in a row that may happen without a new checkpoint in between."""
AT_ONCE_S = 10.0
"""How long the CPUs of what was lost may take to become free without a word about it."""
PATIENCE_S = 1800.0
"""How long a run waits for a lost node to come back, or for another one."""


class Losses:
    """Counts what a run has lost."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._count, self._iteration, self._what = 0, -1, ""

    def after(self, fault: BaseException, resumed: Checkpoint | None) -> Checkpoint | None:
        """Where to go on after ``fault``: the last checkpoint, or None when there is none yet; ``resumed`` is where the attempt began.

        Raises UserError when that has happened too often since there was a new checkpoint.
        """
        saved = any((self._run / "checkpoints").glob(f"[0-9]*/{checkpoint.MANIFEST}"))
        last = checkpoint.load(self._run) if saved else resumed
        iteration = last.progress.iteration if last else 0
        self._count = self._count + 1 if iteration == self._iteration else 1
        self._iteration, self._what = iteration, _in_words(fault)
        if self._count >= MOST:
            raise UserError(
                f"{self._what}, and so it went {MOST} times in a row without a new checkpoint; {self._run} is saved up to iteration "
                f"{iteration}, and {self._run / 'ray.log'} may tell more: go on with avatarium train --resume {self._run}"
            ) from fault
        return last

    def make_good(self, plan: Plan, display: Display, interrupted: Callable[[], bool]) -> None:
        """Say what was lost, and wait for CPUs to begin anew, or until it is ``interrupted``. Raises UserError when there are none."""
        display.say(f"{self._what}: going on from iteration {self._iteration}")
        gc.collect()  # an algorithm that was begun and not finished is full of cycles, and holds CPUs as long as it exists
        if cpus.await_free(plan, AT_ONCE_S, interrupted):
            return
        display.say(f"waiting for {cpus.wanted(plan)} free CPUs: there are {cpus.free():g}")
        if not cpus.await_free(plan, PATIENCE_S, interrupted) and not interrupted():
            raise UserError(
                f"{cpus.wanted(plan)} CPUs are wanted and {cpus.free():g} are left after {PATIENCE_S / 60:.0f} minutes: "
                f"start more nodes, or go on with fewer runners: avatarium train --resume {self._run} --runners N"
            )


def _in_words(fault: BaseException) -> str:
    if isinstance(fault, LearnerLost | RunnersLost):
        return str(fault).partition(":")[0]
    if isinstance(fault, ray.exceptions.RayActorError):
        return "a process of the run died"
    return f"a process of the run failed ({str(fault).strip().splitlines()[-1]})"
