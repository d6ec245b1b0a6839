"""Mixtures of Gaussians over the next displacement (Bishop 1994): their likelihood, mean, and draws."""

import math

import torch
from torch import Tensor

from avatarium.training.trajectory.networks import LEAST_STD_M, onward


def parts(outputs: Tensor, velocity: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(log weights [N, K], means [N, K, 2], standard deviations [N, K, 2], m) from outputs [N, 6 K] of a network."""
    split = outputs.reshape(len(outputs), -1, 6)
    deviations = LEAST_STD_M + 0.1 * torch.nn.functional.softplus(split[..., 4:] + math.log(math.e - 1))
    return torch.log_softmax(split[..., 0], dim=1), onward(split[..., 1:4], velocity[:, None]), deviations


def log_density(outputs: Tensor, velocity: Tensor, moved: Tensor) -> Tensor:
    """[N]: logarithm of the density, per square metre, of the displacements ``moved`` [N, 2]."""
    weights, means, deviations = parts(outputs, velocity)
    score = (moved[:, None] - means) / deviations
    each = -0.5 * (score**2).sum(dim=2) - torch.log(deviations).sum(dim=2) - math.log(2 * math.pi)
    return torch.logsumexp(weights + each, dim=1)


def mean(outputs: Tensor, velocity: Tensor) -> Tensor:
    """[N, 2]: the displacement expected."""
    weights, means, _ = parts(outputs, velocity)
    return (weights.exp()[..., None] * means).sum(dim=1)


def draw(outputs: Tensor, velocity: Tensor, rng: torch.Generator) -> Tensor:
    """[N, 2]: one displacement each."""
    weights, means, deviations = parts(outputs, velocity)
    chosen = torch.multinomial(weights.exp(), 1, generator=rng)[..., None].expand(-1, 1, 2)
    noise = torch.randn(velocity.shape, generator=rng)
    return means.gather(1, chosen)[:, 0] + deviations.gather(1, chosen)[:, 0] * noise
