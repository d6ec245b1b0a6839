"""Learning progress: curious about what it is just getting better at foreseeing."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.networks import frozen, perceptron
from avatarium.agents.curiosity.transitions import Transitions
from avatarium.worlds.core.settings import setting


class Progress(Bonus):
    """By how much the error of a forward model has fallen of late: the error of a slow copy of it less its own, floored at 0.

    The idea is that of Oudeyer, Kaplan and Hafner 2007 ("Intrinsic motivation systems for autonomous mental development"), who compare mean
    errors at the two ends of a window; everything else is ours. Here the window is soft: after each update the copy goes a share
    ``1 - 2 ** (-1 / half_life)`` of the way to the model, so it is a mean of past models whose weights halve every ``half_life`` updates.
    Short half-lives notice quick progress alone, long ones go on paying for what has been learnt long since. Both start alike, hence no
    bonus before the first update. What is learnt, and what cannot be learnt, is foreseen equally well by both: no bonus either.

    Errors are measured on the change of the observation under a fixed random projection, which is cheaper than the observation, keeps
    distances on average and, unlike learnt features, does not move between the model and its copy.
    """

    name = "progress"

    @dataclass(frozen=True)
    class Settings:
        """What may be varied in learning progress."""

        lr: float = setting(1e-3, 0.0, 1.0, "learning rate of the forward model")
        hidden: int = setting(128, 1, 4096, "units of its hidden layer")
        features: int = setting(64, 1, 4096, "numbers that the change of an observation is projected onto")
        half_life: float = setting(10.0, 0.1, 10000.0, "updates after which a past model counts half in the slow copy")

    settings: Settings

    def __init__(self, observation_size: int, choices: tuple[int, ...], controls: int, settings: Settings) -> None:
        super().__init__(observation_size, choices, controls, settings)
        self.projection = frozen(perceptron(observation_size, [], settings.features))
        self.model = perceptron(observation_size + self.action_size, [settings.hidden], settings.features)
        self.slow = frozen(copy.deepcopy(self.model))

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """By how much the model foresees the step better than its slow copy, [B]: mean squared errors, floored at 0."""
        given, change = self._given(t), self.projection(t.after - t.before)
        return (_error(self.slow, given, change) - _error(self.model, given, change)).clamp_min(0.0)

    def loss(self, t: Transitions) -> Tensor:
        """The mean error of the model."""
        return _error(self.model, self._given(t), self.projection(t.after - t.before)).mean()

    @torch.no_grad()
    def after_update(self) -> None:
        """Move the slow copy on."""
        share = 1.0 - 2.0 ** (-1.0 / self.settings.half_life)
        for slow, fast in zip(self.slow.buffers(), self.model.parameters(), strict=True):
            slow.lerp_(fast, share)

    def _given(self, t: Transitions) -> Tensor:
        return torch.cat([t.before, self.encode(t.actions)], dim=1)


def _error(model: nn.Module, given: Tensor, change: Tensor) -> Tensor:
    predicted: Tensor = model(given)
    return (predicted - change).square().mean(1)
