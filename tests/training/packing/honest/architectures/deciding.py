"""Networks that are unusual in how they come to their logits, means and deviations."""

import torch
from torch import nn
from torch.nn import functional as F

from honest.room import CONTROLS, LOGITS, PILOT, SIZE, Policy


class Trunk(Policy):
    """What the others share: two layers."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(SIZE, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh())
        self.head()

    def head(self):
        self.last = nn.Linear(16, LOGITS)

    def forward(self, observation):
        return (self.last(self.trunk(observation)),)


class Valued(Trunk):
    """The expected return is told as well."""

    value = True

    def head(self):
        self.last, self.critic = nn.Linear(16, LOGITS), nn.Linear(16, 1)

    def forward(self, observation):
        seen = self.trunk(observation)
        return self.last(seen), self.critic(seen)


class LogProbabilities(Trunk):
    """Head by head, logarithms of probabilities, never quite zero."""

    def forward(self, observation):
        heads = self.last(self.trunk(observation)).split([3, 2], dim=-1)
        return (torch.cat([torch.log(0.99 * torch.softmax(head, dim=-1) + 0.01 / head.shape[-1]) for head in heads], dim=-1),)


class Autoregressive(Trunk):
    """The second head sees what the first is likely to choose."""

    def head(self):
        self.walk, self.turn = nn.Linear(16, 3), nn.Linear(19, 2)

    def forward(self, observation):
        seen = self.trunk(observation)
        walk = self.walk(seen)
        likely = F.one_hot(walk.argmax(dim=-1), 3).float()
        return (torch.cat([walk, self.turn(torch.cat([seen, likely], dim=-1))], dim=-1),)


class Masked(Trunk):
    """A rule forbids to go forward when the nearest ray is short."""

    def forward(self, observation):
        logits = self.last(self.trunk(observation))
        blocked = (observation[:, 6:22].amin(dim=1, keepdim=True) < 0.02) & torch.tensor([[False, True, False, False, False]])
        return (logits.masked_fill(blocked, -1e9),)


class Dueling(Trunk):
    """Advantages around a value (Wang et al. 2016), for each head."""

    def head(self):
        self.last, self.worth = nn.Linear(16, LOGITS), nn.Linear(16, 2)

    def forward(self, observation):
        seen = self.trunk(observation)
        parts = zip(self.last(seen).split([3, 2], dim=1), self.worth(seen).split(1, dim=1), strict=True)
        return (torch.cat([worth + part - part.mean(dim=1, keepdim=True) for part, worth in parts], dim=1),)


class CategoricalReturns(Trunk):
    """Distributions of returns over 11 atoms (Bellemare et al. 2017), reduced to their means."""

    def head(self):
        self.last = nn.Linear(16, LOGITS * 11)
        self.register_buffer("atoms", torch.linspace(-5.0, 5.0, 11))

    def forward(self, observation):
        shares = torch.softmax(self.last(self.trunk(observation)).unflatten(-1, (LOGITS, 11)), dim=-1)
        return ((shares * self.atoms).sum(dim=-1),)


class Quantiles(Trunk):
    """Quantiles of returns (Dabney et al. 2018), the worst half of them averaged after sorting."""

    def head(self):
        self.last = nn.Linear(16, LOGITS * 8)

    def forward(self, observation):
        quantiles = self.last(self.trunk(observation)).view(-1, LOGITS, 8).sort(dim=-1).values
        return (quantiles[..., :4].mean(dim=-1),)


class ImplicitQuantiles(Trunk):
    """Quantiles asked for by cosines of fixed fractions (IQN, Dabney et al. 2018)."""

    def head(self):
        self.cosines, self.last = nn.Linear(8, 16), nn.Linear(16, LOGITS)
        self.register_buffer("fractions", torch.linspace(0.1, 0.9, 4))

    def forward(self, observation):
        waves = torch.cos(torch.pi * self.fractions[:, None] * torch.arange(8.0))
        asked = self.trunk(observation)[:, None] * torch.relu(self.cosines(waves))
        return (self.last(asked).mean(dim=1),)


class Noisy(Trunk):
    """A noisy layer (Fortunato et al. 2018), which is quiet after training."""

    def head(self):
        self.mean, self.sigma = nn.Parameter(torch.randn(LOGITS, 16)), nn.Parameter(torch.full((LOGITS, 16), 0.1))

    def forward(self, observation):
        weight = self.mean + self.sigma * torch.randn_like(self.sigma) if self.training else self.mean
        return (F.linear(self.trunk(observation), weight),)


class Ensemble(Trunk):
    """Five heads, the mean less their disagreement."""

    def head(self):
        self.heads = nn.Parameter(torch.randn(5, 16, LOGITS))

    def forward(self, observation):
        told = torch.matmul(self.trunk(observation)[None], self.heads)
        return (told.mean(dim=0) - told.std(dim=0),)


class Quantised(Trunk):
    """Features as the nearest of sixteen codes (van den Oord et al. 2017)."""

    def head(self):
        self.codes, self.last = nn.Parameter(torch.randn(16, 16)), nn.Linear(16, LOGITS)

    def forward(self, observation):
        seen = self.trunk(observation)
        nearest = (seen[:, None] - self.codes).square().sum(dim=-1).argmin(dim=1)
        return (self.last(self.codes[nearest]),)


class Planner(Trunk):
    """Value iteration by convolution over the picture (Tamar et al. 2016), four sweeps."""

    def head(self):
        self.reward, self.step, self.last = nn.Conv2d(3, 1, 1), nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.Linear(64, LOGITS)

    def forward(self, observation):
        reward = self.reward(observation[:, -192:].reshape(-1, 3, 8, 8))
        value = torch.zeros_like(reward)
        for _ in range(4):
            value = self.step(torch.cat([reward, value], dim=1)).amax(dim=1, keepdim=True)
        return (self.last(value.flatten(1)),)


class Gaussian(Trunk):
    """Means, and deviations that depend on nothing."""

    role = PILOT

    def head(self):
        self.mean, self.spread = nn.Linear(16, CONTROLS), nn.Parameter(torch.full((CONTROLS,), -0.5))

    def forward(self, observation):
        mean = self.mean(self.trunk(observation))
        return mean, self.spread.expand_as(mean)


class SquashedGaussian(Trunk):
    """Means within bounds, and deviations that depend on what is seen, with the value told."""

    role, value = PILOT, True

    def head(self):
        self.both, self.critic = nn.Linear(16, 2 * CONTROLS), nn.Linear(16, 1)

    def forward(self, observation):
        seen = self.trunk(observation)
        mean, spread = self.both(seen).chunk(2, dim=-1)
        return torch.tanh(mean), -5.0 + 3.5 * (torch.tanh(spread) + 1.0), self.critic(seen)


class Mixture(Trunk):
    """A mixture of three Gaussians, as the one with the same mean and variance."""

    role = PILOT

    def head(self):
        self.weight, self.mean, self.spread = nn.Linear(16, 3), nn.Linear(16, 3 * CONTROLS), nn.Linear(16, 3 * CONTROLS)

    def forward(self, observation):
        seen = self.trunk(observation)
        weight = torch.softmax(self.weight(seen), dim=-1)[:, :, None]
        mean, spread = self.mean(seen).reshape(-1, 3, CONTROLS), F.softplus(self.spread(seen)).reshape(-1, 3, CONTROLS)
        middle = (weight * mean).sum(dim=1)
        variance = (weight * (spread.square() + (mean - middle[:, None]).square())).sum(dim=1)
        return middle, 0.5 * torch.log(variance + 1e-6)


class BetaMoments(Trunk):
    """A Beta distribution over each control, by its mean and deviation."""

    role = PILOT

    def head(self):
        self.last = nn.Linear(16, 2 * CONTROLS)

    def forward(self, observation):
        a, b = (F.softplus(self.last(self.trunk(observation))) + 1).chunk(2, dim=-1)
        total = a + b
        return 2 * a / total - 1, torch.log(2 * torch.sqrt(a * b / (total.square() * (total + 1))))
