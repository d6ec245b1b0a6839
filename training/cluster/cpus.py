"""Whether there are the CPUs that a run asks for."""

import os
import time
from collections.abc import Callable

import ray

from avatarium.training.plan import Plan
from avatarium.worlds.core.errors import UserError

RELEASE_S = 15.0
"""How long CPUs that another run has just left may take until they are free again."""


def wanted(plan: Plan) -> int:
    """CPUs that runners and learners take; the process that steers them is not counted."""
    return plan.runners + plan.learners


def check_here(plan: Plan) -> None:
    """Raise UserError when this machine has fewer CPUs than the plan asks for."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if wanted(plan) > here:
        raise UserError(
            f"{_actors(plan)} want {wanted(plan)} CPUs, and this machine has {here}: "
            "take fewer, give --cluster ADDRESS, or let them share CPUs with --oversubscribe"
        )


def check_ray(plan: Plan) -> None:
    """Raise UserError when the running Ray has not enough free CPUs, also after a moment."""
    await_free(plan, RELEASE_S, lambda: False)
    now, total = free(), ray.cluster_resources().get("CPU", 0.0)
    if now < wanted(plan):
        left = f", of which {now:g} are free" if now < total else ""
        raise UserError(f"{_actors(plan)} want {wanted(plan)} CPUs, and the cluster has {total:g}{left}: take fewer, or start more nodes")


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
