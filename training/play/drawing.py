"""Actions drawn from what a policy puts out, on the CPU or on a GPU."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from avatarium.training.gpu import sharing
from avatarium.training.play import kernels
from avatarium.worlds.core.spec import Role

Draw = Callable[[Any, Any, bool, Any, Any], None]
"""(outputs, key, greedy, actions, log_probs): fills the last two; arrays, or tensors that all lie on one device. Of the key, uint64 or
int64 [1], the bits count."""


def drawer(role: Role, device: Any = "cpu") -> Draw:
    """What draws actions of a role on ``device`` (see ``kernels``)."""
    if role.continuous:
        return lambda outputs, *rest: sharing.run(kernels.sample_gaussian, (outputs, *rest), len(outputs))
    choices = torch.tensor([len(head.choices) for head in role.heads], dtype=torch.int64, device=device)
    return lambda outputs, *rest: sharing.run(kernels.sample_discrete, (outputs, choices, *rest), len(outputs))


def one_key(key: Any) -> np.ndarray:
    """A key as drawers take it: uint64 [1]."""
    return np.array([key], np.uint64)
