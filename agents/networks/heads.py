"""What a policy's outputs say about actions: log-probabilities and entropies."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

LOG_STD_RANGE = (-5.0, 2.0)
"""Bounds on the logarithm of a continuous control's standard deviation."""


def discrete(logits: Tensor, choices: Sequence[int], actions: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probability and entropy, both [B], of ``actions`` int64 [B, heads] under independent heads with so many ``choices`` each.

    ``logits`` float32 [B, sum(choices)] holds the heads side by side.
    """
    log_prob, entropy = torch.zeros_like(logits[:, 0]), torch.zeros_like(logits[:, 0])
    for head, part in enumerate(torch.split(logits, list(choices), dim=-1)):
        normalised = torch.log_softmax(part, dim=-1)
        log_prob = log_prob + normalised.gather(-1, actions[:, head : head + 1]).squeeze(-1)
        entropy = entropy - (normalised.exp() * normalised).sum(-1)
    return log_prob, entropy


def gaussian(parameters: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
    """Log-density and entropy, both [B], of ``actions`` float32 [B, K]; ``parameters`` [B, 2K] are K means, then K log-deviations."""
    mean, log_std = parameters.chunk(2, dim=-1)
    scaled = (actions - mean) * torch.exp(-log_std)
    log_prob = (-0.5 * scaled.square() - log_std - 0.5 * math.log(2 * math.pi)).sum(-1)
    entropy = (log_std + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)
    return log_prob, entropy
