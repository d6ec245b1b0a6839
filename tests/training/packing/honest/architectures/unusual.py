"""Networks that use what few others use, and write in place what others write anew."""

import torch
from torch import nn
from torch.nn import functional as F

from honest.room import LOGITS, PICTURE, PLAIN, WHERE, Policy, people_of


class Angles(Policy):
    """The bearings of people by arcus tangent, wrapped by a remainder; lengths as logarithms."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(12, LOGITS)

    def forward(self, observation):
        people, _ = people_of(observation)
        bearing = torch.atan2(people[:, :, 2], people[:, :, 1] + 1e-6) - torch.atan2(observation[:, 1:2], observation[:, :1] + 1e-6)
        wrapped = torch.remainder(bearing + torch.pi, 2 * torch.pi) - torch.pi
        far = torch.nan_to_num(torch.log1p(people[:, :, 1:3].abs().sum(dim=-1)))
        closing = torch.sign(people[:, :, 3]) * torch.floor(4 * people[:, :, 4].abs()) / 4
        return (self.last(torch.cat([wrapped, far, closing], dim=1)),)


class WrittenInPlace(Policy):
    """A copy of what is seen in which a part is overwritten."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(PLAIN, LOGITS)

    def forward(self, observation):
        seen = observation[:, :PLAIN].clone()
        seen[:, 6:22] = 1.0 / (1.0 + seen[:, 6:22].abs())
        seen[:, 0] = 0.0
        return (self.last(seen),)


class Scattered(Policy):
    """The rays of the nearest person's sector are blanked by ``scatter``."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(16, LOGITS)

    def forward(self, observation):
        rays = observation[:, WHERE["rays"]]
        return (self.last(rays.scatter(1, rays.argmin(dim=1, keepdim=True), 1.0)),)


class Upsampled(Policy):
    """A small hourglass over the picture, up by interpolation."""

    def __init__(self):
        super().__init__()
        self.down, self.last = nn.Conv2d(3, 4, 3, 2, 1), nn.Linear(4 * 8 * 8, LOGITS)

    def forward(self, observation):
        seen = torch.relu(self.down(observation[:, WHERE["picture"]].reshape(-1, *PICTURE)))
        return (self.last(F.interpolate(seen, scale_factor=2.0, mode="nearest").flatten(1)),)


class Deconvolved(Policy):
    """A small hourglass over the picture, up by transposed convolution."""

    def __init__(self):
        super().__init__()
        self.down, self.up, self.last = nn.Conv2d(3, 4, 3, 2, 1), nn.ConvTranspose2d(4, 2, 2, 2), nn.Linear(2 * 8 * 8, LOGITS)

    def forward(self, observation):
        seen = torch.relu(self.down(observation[:, WHERE["picture"]].reshape(-1, *PICTURE)))
        return (self.last(self.up(seen).flatten(1)),)


class Unbound(Policy):
    """People taken one by one."""

    def __init__(self):
        super().__init__()
        self.each, self.last = nn.Linear(5, 4), nn.Linear(4, LOGITS)

    def forward(self, observation):
        told = torch.zeros(observation.shape[0], 4)
        for person in people_of(observation)[0].unbind(dim=1):
            told = torch.maximum(told, self.each(person))
        return (self.last(told),)


class Bucketed(Policy):
    """Tiles (Sutton 1996): speeds as indices into tables."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(8 * 8, LOGITS)
        self.register_buffer("edges", torch.linspace(-1.0, 1.0, 7))

    def forward(self, observation):
        tile = torch.bucketize(observation[:, :2].contiguous(), self.edges)
        return (self.table(8 * tile[:, 0] + tile[:, 1]),)


class Waves(Policy):
    """The rays by their frequencies."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(9, LOGITS)

    def forward(self, observation):
        return (self.last(torch.view_as_real(torch.fft.rfft(observation[:, WHERE["rays"]])).square().sum(dim=-1)),)
