"""Prediction error: curious about whatever it cannot foresee, noise above all; the baseline that the others improve on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.networks import perceptron
from avatarium.agents.curiosity.transitions import Transitions
from avatarium.worlds.core.settings import setting


class Error(Bonus):
    """The error of a one-step forward model of the observation itself (Schmidhuber 1991, "A possibility for implementing curiosity and
    boredom in model-building neural controllers").

    What is random can never be foreseen and so never ceases to draw it. Network, sizes and learning rate are ours.
    """

    name = "error"

    @dataclass(frozen=True)
    class Settings:
        """What may be varied in prediction error."""

        lr: float = setting(1e-3, 0.0, 1.0, "learning rate of the forward model")
        hidden: int = setting(128, 1, 4096, "units of its hidden layer")

    settings: Settings

    def __init__(self, observation_size: int, choices: tuple[int, ...], controls: int, settings: Settings) -> None:
        super().__init__(observation_size, choices, controls, settings)
        self.change = perceptron(observation_size + self.action_size, [settings.hidden], observation_size)

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """The mean squared error, [B], of the predicted observation."""
        return self._error(t)

    def loss(self, t: Transitions) -> Tensor:
        """The mean of the same error."""
        return self._error(t).mean()

    def _error(self, t: Transitions) -> Tensor:
        change: Tensor = self.change(torch.cat([t.before, self.encode(t.actions)], dim=1))
        return (t.after - t.before - change).square().mean(1)
