"""An actor and a critic, each a multilayer perceptron, behind one normalisation of the observation."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from avatarium.agents.networks.heads import LOG_STD_RANGE
from avatarium.agents.networks.normalise import RunningNormalisation

LAST_LAYER_SCALE = 0.01
"""The policy begins nearly uniform (Andrychowicz et al. 2021, https://arxiv.org/abs/2006.05990, 3.2)."""


def perceptron(inputs: int, hidden: Sequence[int], outputs: int, last_scale: float = 1.0) -> nn.Sequential:
    """Linear layers with tanh between them; the weights of the last one are scaled by ``last_scale``."""
    sizes = [inputs, *hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.Tanh()]
    last = nn.Linear(sizes[-1], outputs)
    with torch.no_grad():
        last.weight *= last_scale
        last.bias.zero_()
    return nn.Sequential(*layers, last)


class ActorCritic(nn.Module):
    """A policy over discrete heads (``choices``) or over continuous ``controls``, and an estimate of the return.

    The critic works in units of the return's own running mean and deviation; ``value`` gives the return itself.
    """

    def __init__(self, observation_size: int, choices: Sequence[int], controls: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.choices, self.controls = tuple(choices), controls
        self.normalise = RunningNormalisation(observation_size)
        self.actor = perceptron(observation_size, hidden, controls or sum(choices), LAST_LAYER_SCALE)
        self.critic = perceptron(observation_size, hidden, 1)
        self.returns = RunningNormalisation(1, floor=1e-4)
        if controls:
            self.log_std = nn.Parameter(torch.full((controls,), -0.5))

    def decide(self, normalised: Tensor) -> Tensor:
        """Logits [B, sum(choices)], or means and log-deviations [B, 2 controls], from a normalised observation [B, D]."""
        out: Tensor = self.actor(normalised)
        if not self.controls:
            return out
        return torch.cat([out, self.log_std.clamp(*LOG_STD_RANGE).expand_as(out)], dim=-1)

    def forward(self, observation: Tensor) -> Tensor:
        """The policy's outputs (see ``decide``) for raw observations float32 [B, D]: all that acting needs."""
        return self.decide(self.normalise(observation))

    def both(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """The policy's outputs and the critic's estimate [B] in units of ``returns``, sharing one normalisation."""
        normalised = self.normalise(observation)
        return self.decide(normalised), self.critic(normalised).squeeze(-1)

    def value(self, observation: Tensor) -> Tensor:
        """The estimated return [B] of raw observations float32 [B, D]."""
        scaled: Tensor = self.critic(self.normalise(observation)).squeeze(-1)
        return scaled * self.returns.deviation + self.returns.mean

    @torch.no_grad()
    def rescale_returns(self, returns: Tensor) -> None:
        """Take ``returns`` float32 [B] into the running scale and adapt the critic's last layer so that ``value`` stays as it was.

        This is the output-preserving rule of PopArt (van Hasselt et al. 2016, https://arxiv.org/abs/1602.07714).
        """
        mean, deviation, first = self.returns.mean.clone(), self.returns.deviation.clone(), not self.returns.count
        self.returns.update(returns[:, None])
        if first:  # an untrained critic has nothing worth keeping
            return
        last = self.critic[-1]
        assert isinstance(last, nn.Linear)
        last.weight *= deviation / self.returns.deviation
        last.bias.copy_((deviation * last.bias + mean - self.returns.mean) / self.returns.deviation)
