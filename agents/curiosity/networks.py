"""The networks that bonuses are made of."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from torch import nn

M = TypeVar("M", bound=nn.Module)
RECTIFIED_GAIN = 2**0.5
"""Keeps the variance of what passes through a rectified layer (He et al. 2015, https://arxiv.org/abs/1502.01852)."""


def perceptron(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Linear layers with rectifiers between them and orthogonal weights, so that the outputs of an untrained one vary as its inputs do."""
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden]):
        layers += [_linear(before, after, RECTIFIED_GAIN), nn.ReLU()]
    return nn.Sequential(*layers, _linear([inputs, *hidden][-1], outputs, 1.0))


def _linear(inputs: int, outputs: int, gain: float) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


def frozen(module: M) -> M:
    """``module`` itself, its parameters turned into buffers: saved and moved with the rest, seen by no optimiser."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, parameter.detach())
    return module
