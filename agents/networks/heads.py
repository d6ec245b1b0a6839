"""What a policy's outputs say about actions: log-probabilities and entropies."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from avatarium.worlds.core.spec import Role

LOG_STD_RANGE = (-5.0, 2.0)
"""Bounds on the logarithm of a continuous control's standard deviation."""
FORBIDDEN = -1e9
"""The logit of a choice that is not allowed."""


def masked(logits: Tensor, allowed: Tensor) -> Tensor:
    """Logits [..., C] in which choices that are not ``allowed`` bool [..., C] have no probability."""
    return logits.masked_fill(~allowed, FORBIDDEN)


def discrete(logits: Tensor, choices: Sequence[int], actions: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probability and entropy, both [...], of ``actions`` int64 [..., heads] under independent heads with so many ``choices`` each.

    ``logits`` float32 [..., sum(choices)] holds the heads side by side.
    """
    log_prob, entropy = torch.zeros_like(logits[..., 0]), torch.zeros_like(logits[..., 0])
    for head, part in enumerate(torch.split(logits, list(choices), dim=-1)):
        normalised = torch.log_softmax(part, dim=-1)
        log_prob = log_prob + normalised.gather(-1, actions[..., head : head + 1]).squeeze(-1)
        entropy = entropy - (normalised.exp() * normalised).sum(-1)
    return log_prob, entropy


def gaussian(parameters: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
    """Log-density and entropy, both [...], of ``actions`` float32 [..., K]; ``parameters`` [..., 2K]: K means, then K log-deviations."""
    mean, log_std = parameters.chunk(2, dim=-1)
    scaled = (actions - mean) * torch.exp(-log_std)
    log_prob = (-0.5 * scaled.square() - log_std - 0.5 * math.log(2 * math.pi)).sum(-1)
    entropy = (log_std + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)
    return log_prob, entropy


def stretched(parameters: Tensor, role: Role) -> Tensor:
    """Gaussians over controls in [-1, 1] as Gaussians over the span of ``role``; ``parameters`` [..., 2K] as for ``gaussian``."""
    if role.span == (-1.0, 1.0):
        return parameters
    mean, log_std = parameters.chunk(2, dim=-1)
    return torch.cat([role.stretched(mean), log_std + math.log(0.5 * (role.span[1] - role.span[0]))], dim=-1)
