"""Multilayer perceptrons."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn


def perceptron(inputs: int, hidden: Sequence[int], outputs: int, last_scale: float = 1.0) -> nn.Sequential:
    """Linear layers with tanh between them; the weights of the last one are scaled by ``last_scale`` and its biases are 0."""
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden]):
        layers += [nn.Linear(before, after), nn.Tanh()]
    last = nn.Linear([inputs, *hidden][-1], outputs)
    with torch.no_grad():
        last.weight *= last_scale
        last.bias.zero_()
    return nn.Sequential(*layers, last)
