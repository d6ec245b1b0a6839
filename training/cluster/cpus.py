"""Whether there are the CPUs that a run asks for."""

import os
import time
from collections.abc import Callable

import ray

from avatarium.training.run.plan import Plan
from avatarium.worlds.core.errors import UserError

RELEASE_S = 15.0
"""How long CPUs that another run has just left may take until they are free again."""


def of_runner(plan: Plan) -> int:
    """CPUs that each runner takes: one for every thread that steps its world."""
    return plan.hyperparameters.world_threads


def of_learner(plan: Plan) -> int:
    """CPUs that each learner takes: one for every thread, where the number of threads is given."""
    return max(1, plan.hyperparameters.learner_threads)


def wanted(plan: Plan) -> int:
    """CPUs that runners and learners take; the process that steers them is not counted."""
    return plan.runners * of_runner(plan) + plan.learners * of_learner(plan)


def check_here(plan: Plan) -> None:
    """Raise UserError when this machine has fewer CPUs than the plan asks for."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if wanted(plan) > here:
        raise UserError(
            f"{wanted(plan)} CPUs are wanted for {_actors(plan)}, and this machine has {here}: "
            "take fewer, give --cluster ADDRESS, or let them share CPUs with --oversubscribe"
        )


def check_ray(plan: Plan) -> None:
    """Raise UserError when the running Ray has not enough free CPUs, also after a moment."""
    await_free(plan, RELEASE_S, lambda: False)
    now, total = free(), ray.cluster_resources().get("CPU", 0.0)
    if now < wanted(plan):
        left = f", of which {now:g} are free" if now < total else ""
        raise UserError(
            f"{wanted(plan)} CPUs are wanted for {_actors(plan)}, and the cluster has {total:g}{left}: take fewer, or start more nodes"
        )
    most = max(node["Resources"].get("CPU", 0.0) for node in ray.nodes() if node["Alive"])
    each = max(of_runner(plan) if plan.runners else 0, of_learner(plan) if plan.learners else 0)
    if each > most:
        raise UserError(
            f"a process wants {each} CPUs, and no node of the cluster has more than {most:g}: set learner_threads or world_threads to less"
        )


def await_free(plan: Plan, seconds: float, stop: Callable[[], bool]) -> bool:
    """Wait until the plan's CPUs are free, for so many seconds at most, or until ``stop``; whether they are."""
    deadline = time.monotonic() + seconds
    while free() < wanted(plan):
        if stop() or time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def free() -> float:
    """CPUs of the running Ray that nobody has taken."""
    found: float = ray.available_resources().get("CPU", 0.0)
    return found


def _actors(plan: Plan) -> str:
    return " and ".join(f"{n} {what}{'s' * (n > 1)}" for n, what in ((plan.runners, "runner"), (plan.learners, "learner")) if n)
