"""The intrinsic curiosity module: curious about what its own actions lead to and it could not foresee."""

from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.dynamics import ControlledFeatures
from avatarium.agents.curiosity.transitions import Transitions
from avatarium.worlds.core.settings import setting


class Icm(Bonus):
    """The error of a forward model in features learnt by an inverse model (Pathak et al. 2017, https://arxiv.org/abs/1705.05363).

    From the paper: half the squared error as bonus, the losses weighted 0.8 inverse and 0.2 forward, and a predictor that learns ten times
    as fast as the policy's 1e-4. Ours: perceptrons and their sizes, cross-entropies summed over the heads of an action, squared errors of
    continuous controls. Noise that the avatar's actions bring about (a television with a remote control) stays in the features and cannot
    be foreseen, so it is drawn to that (Burda et al. 2019, https://arxiv.org/abs/1808.04355, section 5).
    """

    name = "icm"

    @dataclass(frozen=True)
    class Settings:
        """What may be varied in the intrinsic curiosity module."""

        lr: float = setting(1e-3, 0.0, 1.0, "learning rate of its networks")
        hidden: int = setting(64, 1, 4096, "units of each hidden layer")
        features: int = setting(32, 1, 4096, "numbers that an observation is encoded into")
        forward: float = setting(0.2, 0.0, 1.0, "weight of the forward model's loss; the inverse model's has the rest")

    settings: Settings

    def __init__(self, observation_size: int, choices: tuple[int, ...], controls: int, settings: Settings) -> None:
        super().__init__(observation_size, choices, controls, settings)
        self.networks = ControlledFeatures(observation_size, self.action_size, settings.hidden, settings.features)

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """Half the squared error, [B], of the forward model."""
        networks = self.networks
        return networks.forward_error(networks.encoder(t.before), self.encode(t.actions), networks.encoder(t.after))

    def loss(self, t: Transitions) -> Tensor:
        """The weighted losses of the inverse and the forward model; both teach the encoder."""
        networks, weight = self.networks, self.settings.forward
        before, after = networks.encoder(t.before), networks.encoder(t.after)
        inverse = networks.inverse_loss(before, after, self.choices, t.actions)
        return (1 - weight) * inverse + weight * networks.forward_error(before, self.encode(t.actions), after).mean()
