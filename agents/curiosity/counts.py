"""Visit counts: curious about places where it has not been often."""

from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.transitions import Transitions


class Counts(Bonus):
    """One over the root of the avatar's own visits to the place where it arrived (Strehl and Littman 2008; with hashed observations for
    places, Tang et al. 2017, https://arxiv.org/abs/1611.04717).

    It learns nothing. Whether visits are those of the episode or of a life is up to whoever counts; the papers count over a life.
    """

    name = "counts"
    counts = True

    @dataclass(frozen=True)
    class Settings:
        """Nothing can be varied in counts: their scale is the weight that a learner gives them."""

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """1 / sqrt(own visits), [B]."""
        return t.own_visits.rsqrt()
