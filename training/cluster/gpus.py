"""Whether there are the GPUs that a run asks for."""

import ray
import torch

from avatarium.training.cluster.machines import Machines
from avatarium.training.run.plan import Plan
from avatarium.worlds.core.errors import UserError


def check(plan: Plan, where: Machines) -> None:
    """Raise UserError when learners are to have a GPU each and there are fewer: here, or in the running Ray for learners of a cluster."""
    if not where.gpus:
        return
    elsewhere = bool(where.address and plan.learners)
    found = int(ray.cluster_resources().get("GPU", 0)) if elsewhere else torch.cuda.device_count()
    if found < max(1, plan.learners):
        whose = "the cluster has" if elsewhere else "torch finds here"
        fewer = "take fewer learners or leave out --gpus" if found else "leave out --gpus, or install a torch built for CUDA"
        raise UserError(f"{max(1, plan.learners)} GPUs are wanted, one for each learner, and {whose} {found}: {fewer}")
