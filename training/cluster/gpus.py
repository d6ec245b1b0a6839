"""Whether there are the GPUs that a run asks for."""

import ray
import torch

from avatarium.training.cluster.machines import Machines
from avatarium.training.play import arena
from avatarium.training.run.plan import Plan
from avatarium.worlds.core.errors import UserError


def of_learner(where: Machines) -> int:
    """GPUs that each learner takes; none where numba stands in for them, and torch computes on the CPU."""
    if where.device == arena.CUDA:
        from avatarium.worlds.gpu import device  # which looks for CUDA

        return int(where.gpus or not device.SIMULATED)
    return int(where.gpus)


def check(plan: Plan, where: Machines) -> None:
    """Raise UserError when learners are to have a GPU each and there are fewer: here, or in the running Ray for learners of a cluster.

    The same where worlds cannot be stepped on one, or the plan wants something that is only there on a CPU.
    """
    if where.device == arena.CUDA:
        _check_worlds(plan)
    if not of_learner(where):
        return
    elsewhere = bool(where.address and plan.learners)
    found = int(ray.cluster_resources().get("GPU", 0)) if elsewhere else torch.cuda.device_count()
    if found < max(1, plan.learners):
        whose, option = "the cluster has" if elsewhere else "torch finds here", "--gpus" if where.gpus else "--device"
        fewer = f"take fewer learners or leave out {option}" if found else f"leave out {option}, or install a torch built for CUDA"
        raise UserError(f"{max(1, plan.learners)} GPUs are wanted, one for each learner, and {whose} {found}: {fewer}")


def _check_worlds(plan: Plan) -> None:
    """Raise UserError unless the plan's worlds can be stepped on a GPU, with what it asks for."""
    from avatarium.worlds.gpu import device

    try:
        device.installed()
    except UserError as lack:
        raise UserError(f"{lack}, or leave out --device") from None
    h = plan.hyperparameters
    wanted = {
        "a world of others": plan.arena.spec is None,
        "league": h.league,
        f"algorithm={h.algorithm}": h.algorithm not in ("ppo", "mappo"),
        "--mind": bool(plan.minds),
        "--runners": bool(plan.runners),
    }
    if found := [name for name, asked in wanted.items() if asked]:
        raise UserError(f"--device cuda steps worlds on the GPUs of learners, for PPO: do without {found[0]}, or leave out --device")
