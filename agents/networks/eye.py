"""The part of a network that looks at a picture."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

UNITS = 128
"""Numbers that a picture is summed up in."""
GLANCE, GAZE = 16, 32
"""Channels of the two convolutions."""


class Eye(nn.Module):
    """Puts ``UNITS`` numbers in the place of the picture that ends an observation.

    Two convolutions with strides 4 and 2 and a linear layer, a smaller form of the network of Mnih et al. 2015
    (https://www.nature.com/articles/nature14236); ``shape``: channels, height and width of the picture.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, height, width = shape
        self.shape, self.size = shape, math.prod(shape)
        self.glance = nn.Conv2d(channels, GLANCE, 8, 4, 2)
        self.gaze = nn.Conv2d(GLANCE, GAZE, 4, 2, 1)
        self.sum_up = nn.Linear(GAZE * (height // 4 // 2) * (width // 4 // 2), UNITS)

    def width(self, observation: int) -> int:
        """Numbers that are left of so many."""
        return observation - self.size + UNITS

    def forward(self, seen: Tensor) -> Tensor:
        """Observations float32 [..., D] as float32 [..., D - size + UNITS]."""
        lead = seen.shape[:-1]
        picture = seen[..., -self.size :].reshape(-1, *self.shape)
        found = relu(self.gaze(relu(self.glance(picture)))).flatten(1)
        return torch.cat([seen[..., : -self.size], relu(self.sum_up(found)).reshape(*lead, UNITS)], dim=-1)
