"""RIDE: curious about actions that change much of what it can change, in places where it has not been often."""

from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.dynamics import ControlledFeatures
from avatarium.agents.curiosity.transitions import Transitions
from avatarium.worlds.core.settings import setting


class Ride(Bonus):
    """Impact over the root of the visits in this episode (Raileanu and Rocktäschel 2020, https://arxiv.org/abs/2002.12292).

    The bonus is ``|features(after) - features(before)| / sqrt(own visits)``, features as in ICM. It stays when everything can be predicted
    and is meant for visits counted within the episode. From the authors' code: weights of 10 and 0.1 on the forward and the inverse loss.
    Ours: perceptrons, their sizes and the learning rate. Two things keep it from noise: the heavy forward loss shrinks what cannot be
    foreseen out of the features, and a place is worth less each time, whatever is on its screen.
    """

    name = "ride"
    counts = True

    @dataclass(frozen=True)
    class Settings:
        """What may be varied in RIDE."""

        lr: float = setting(1e-3, 0.0, 1.0, "learning rate of its networks")
        hidden: int = setting(64, 1, 4096, "units of each hidden layer")
        features: int = setting(32, 1, 4096, "numbers that an observation is encoded into")
        forward: float = setting(10.0, 0.0, 1000.0, "weight of the forward model's loss")
        inverse: float = setting(0.1, 0.0, 1000.0, "weight of the inverse model's loss")

    settings: Settings

    def __init__(self, observation_size: int, choices: tuple[int, ...], controls: int, settings: Settings) -> None:
        super().__init__(observation_size, choices, controls, settings)
        self.networks = ControlledFeatures(observation_size, self.action_size, settings.hidden, settings.features)

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """How far the step moved the features, over the root of the avatar's own visits, [B]."""
        impact: Tensor = torch.linalg.vector_norm(self.networks.encoder(t.after) - self.networks.encoder(t.before), dim=1)
        return impact * t.own_visits.rsqrt()

    def loss(self, t: Transitions) -> Tensor:
        """The weighted losses of the inverse and the forward model; both teach the encoder."""
        networks, weights = self.networks, self.settings
        before, after = networks.encoder(t.before), networks.encoder(t.after)
        inverse = networks.inverse_loss(before, after, self.choices, t.actions)
        return weights.inverse * inverse + weights.forward * networks.forward_error(before, self.encode(t.actions), after).mean()
