"""Sums over all learners, so that any number of them learns what one would."""

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed
from torch import Tensor


def together() -> bool:
    """Whether there are other learners."""
    return torch.distributed.is_available() and torch.distributed.is_initialized() and torch.distributed.get_world_size() > 1


def total(values: Tensor) -> Tensor:
    """The sum of ``values`` over all learners, who all have to call this at the same time."""
    if together():
        torch.distributed.all_reduce(values)
    return values


def alike(tensors: Iterable[Tensor]) -> None:
    """Give every learner what the first one has; all have to call this at the same time."""
    if together():
        for tensor in tensors:
            torch.distributed.broadcast(tensor, src=0)


def most(number: int, device: Any) -> int:
    """The largest ``number`` of all learners."""
    if not together():
        return number
    found = torch.tensor(number, device=device)
    torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
    return int(found)


def moments(rows: Tensor) -> tuple[float, Tensor, Tensor]:
    """Number, mean [...] and variance [...] of ``rows`` [B, ...] of all learners."""
    if not together():
        if len(rows) == 0:
            return 0.0, rows.new_zeros(rows.shape[1:]), rows.new_ones(rows.shape[1:])
        mean = rows.mean(0)
        return float(len(rows)), mean, (rows - mean).square().mean(0)  # a fifth of the time of torch.var_mean
    wide = rows.double()
    shape = rows.shape[1:]
    sums = total(torch.cat([wide.new_tensor([len(rows)]), wide.sum(0).flatten(), wide.square().sum(0).flatten()]))
    count, size = float(sums[0]), sums[1:].numel() // 2
    mean = sums[1 : 1 + size] / max(count, 1.0)
    variance = (sums[1 + size :] / max(count, 1.0) - mean.square()).clamp_min(0.0)
    return count, mean.reshape(shape).to(rows.dtype), variance.reshape(shape).to(rows.dtype)
