"""Random network distillation: curious about observations unlike those seen before."""

from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.networks import frozen, perceptron
from avatarium.agents.curiosity.transitions import Transitions
from avatarium.worlds.core.settings import setting


class Rnd(Bonus):
    """The error of a network that learns to predict a fixed random network's output (Burda et al. 2018, https://arxiv.org/abs/1810.12894).

    From the paper: target and predictor of the observation that follows, observations whitened and clipped to 5, a predictor two layers
    deeper than the target, and the share of rows it learns from (1 with 32 environments, fewer with more of them). Ours: perceptrons and
    their sizes, and a learning rate ten times the paper's 1e-4, since the batches here are larger and the updates fewer. Pictures of pure
    noise never repeat, so it is drawn to them.
    """

    name = "rnd"

    @dataclass(frozen=True)
    class Settings:
        """What may be varied in random network distillation."""

        lr: float = setting(1e-3, 0.0, 1.0, "learning rate of the predictor")
        hidden: int = setting(64, 1, 4096, "units of each hidden layer")
        features: int = setting(64, 1, 4096, "outputs of both networks")
        share: float = setting(1.0, 0.01, 1.0, "of the rows that the predictor learns from; fewer keep what is new new for longer")

    settings: Settings

    def __init__(self, observation_size: int, choices: tuple[int, ...], controls: int, settings: Settings) -> None:
        super().__init__(observation_size, choices, controls, settings)
        self.target = frozen(perceptron(observation_size, [settings.hidden], settings.features))
        self.predictor = perceptron(observation_size, [settings.hidden] * 3, settings.features)

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """The mean squared error, [B], of the predictor at the observation that followed."""
        return self._error(t.after)

    def loss(self, t: Transitions) -> Tensor:
        """The same error over a share of the rows; they come shuffled, so the first ones are as good as any."""
        rows = max(1, round(self.settings.share * len(t.after)))
        return self._error(t.after[:rows]).mean()

    def _error(self, observation: Tensor) -> Tensor:
        error: Tensor = self.predictor(observation) - self.target(observation)
        return error.square().mean(1)
