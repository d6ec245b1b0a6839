"""Team spirit: how much of a reward is one's own and how much is the team's (Berner et al. 2019, https://arxiv.org/abs/1912.06680, 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from avatarium.worlds.core.settings import setting


@dataclass(frozen=True)
class Spirit:
    """Team spirit over a training run: it rises linearly, because early on only one's own reward tells one's own mistakes."""

    start: float = setting(0.3, 0.0, 1.0, "share of the team's mean in everybody's reward at the start")
    end: float = setting(1.0, 0.0, 1.0, "the same at the end")
    until: float = setting(1.0, 0.001, 1.0, "share of the training after which the end is reached")

    def at(self, done: float) -> float:
        """The share of the team's mean when the share ``done`` of the training lies behind."""
        return self.start + (self.end - self.start) * min(done / self.until, 1.0)


def share(rewards: Sequence[np.ndarray | Tensor], present: Sequence[np.ndarray | Tensor], tau: float, zero_sum: bool) -> None:
    """Blend rewards within each team, in place: r_i = (1 - tau) rho_i + tau mean(rho).

    ``rewards`` and ``present`` hold one float32 and one bool array or tensor [N, A] per team; views into a larger array will do, and N may
    be time and environments together. Who is not present neither gives nor gets. With ``zero_sum`` every avatar also loses the mean reward
    of the other team (of several, the mean of their means); blending leaves means as they are, so it does not matter which comes first.
    """
    teams = [(torch.as_tensor(r), torch.as_tensor(p)) for r, p in zip(rewards, present, strict=True)]
    means = [_mean(mine, here) for mine, here in teams]
    for team, (mine, here) in enumerate(teams):
        blended = (1 - tau) * mine + tau * means[team]
        if zero_sum:
            blended -= torch.stack(means[:team] + means[team + 1 :]).mean(0)
        mine.copy_(torch.where(here, blended, mine))


def _mean(rewards: Tensor, present: Tensor) -> Tensor:
    """float32 [N, 1]: mean over those present, 0 where nobody is."""
    total = torch.where(present, rewards, 0.0).sum(1, keepdim=True)
    return total / present.sum(1, keepdim=True).clamp_min(1)
