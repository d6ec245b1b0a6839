"""Features learnt from what an avatar's own actions do: the networks behind ICM and RIDE."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from avatarium.agents.curiosity.networks import perceptron


class ControlledFeatures(nn.Module):
    """An encoder of observations, learnt together with an inverse and a forward model (Pathak et al. 2017, https://arxiv.org/abs/1705.05363).

    The inverse model tells from two successive encodings which action lay between them, so the encoding need hold only what the avatar
    acts upon; the forward model predicts the second from the first and the action.
    """

    def __init__(self, observation_size: int, action_size: int, hidden: int, features: int) -> None:
        super().__init__()
        self.encoder = perceptron(observation_size, (hidden,), features)
        self.inverse = perceptron(2 * features, (hidden,), action_size)
        self.ahead = perceptron(features + action_size, (hidden,), features)

    def inverse_loss(self, before: Tensor, after: Tensor, choices: Sequence[int], actions: Tensor) -> Tensor:
        """How badly ``actions`` are told from the encodings ``before`` and ``after``, float32 [B, F].

        Cross-entropy, summed over the heads with so many ``choices``; where there are none, the squared error of continuous controls.
        """
        guess: Tensor = self.inverse(torch.cat([before, after], dim=1))
        if not choices:
            return (guess - actions).square().sum(1).mean()
        parts = enumerate(torch.split(guess, list(choices), dim=1))
        return torch.stack([functional.cross_entropy(logits, actions[:, head]) for head, logits in parts]).sum()

    def forward_error(self, before: Tensor, action: Tensor, after: Tensor) -> Tensor:
        """Half the squared error of the forward model, float32 [B], from encodings [B, F] and the encoded ``action`` [B, action_size]."""
        guess: Tensor = self.ahead(torch.cat([before, action], dim=1))
        return 0.5 * (guess - after).square().sum(1)
