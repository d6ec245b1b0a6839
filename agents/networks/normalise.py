"""Running means and deviations that live inside a network, so that they travel with its weights."""

import torch
from torch import Tensor, nn


class RunningNormalisation(nn.Module):
    """Shifts and scales each feature by the mean and deviation of everything that was given to ``absorb``.

    ``limit`` bounds the result; ``floor`` is the least deviation it divides by, so that a feature that hardly moved in training does not
    blow up when it moves later. Before the first rows it changes nothing but that bound.
    """

    mean: Tensor
    variance: Tensor
    count: Tensor

    def __init__(self, size: int, limit: float = 10.0, floor: float = 1e-2) -> None:
        super().__init__()
        self.limit, self.floor = limit, floor
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("variance", torch.ones(size))
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))

    @property
    def deviation(self) -> Tensor:
        """float32 [size]: what ``forward`` divides by."""
        return self.variance.sqrt().clamp_min(self.floor)

    def forward(self, value: Tensor) -> Tensor:
        """Normalise ``value`` float32 [..., size]."""
        return ((value - self.mean) * (1.0 / self.deviation)).clamp(-self.limit, self.limit)

    @torch.no_grad()
    def absorb(self, rows: float, mean: Tensor, variance: Tensor) -> None:
        """Take ``rows`` rows of this mean and variance, float32 [size], into account; fewer than two say nothing.

        The pairwise rule of Chan, Golub and LeVeque 1983.
        """
        if rows < 2:
            return
        share = float(rows / (self.count + rows))
        shift = mean - self.mean
        self.variance += share * (variance - self.variance) + share * (1 - share) * shift.square()
        self.mean += share * shift
        self.count += rows
