"""Curiosity in company: five bonuses that weigh an avatar's own visits to a place against those of its companions.

They are those of Iqbal and Sha 2019 (https://arxiv.org/abs/1905.12127). With ``n_j`` the visits of avatar ``j`` to the place where avatar
``i`` arrived, the place is worth ``f_j = n_j ** -decay`` to ``j``; the paper has a decay of 0.7, and its code takes avatars that have never
been there for having been there once. Both count over the whole of training, for which these bonuses are meant; they learn nothing. Avatars
that are alone cover and burrow for nothing, since nobody's novelty differs from the mean.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.transitions import Transitions
from avatarium.worlds.core.settings import setting

SAME = 1e-5
"""Relative difference below which novelties count as equal: the mean of equal numbers need not be that number in floating point."""


@dataclass(frozen=True)
class Novelty:
    """What may be varied in bonuses in company."""

    decay: float = setting(0.7, 0.0, 10.0, "power of the visits by which a place loses its novelty")


class Independent(Bonus):
    """Each for itself: ``f_i``."""

    name = "independent"
    counts = True
    Settings = Novelty

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """The novelty of the place to the avatar itself, [B]."""
        return _own(_novelty(t, self.settings), t)


class Minimum(Bonus):
    """To where nobody has been: the least of all ``f_j``."""

    name = "minimum"
    counts = True
    Settings = Novelty

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """The novelty of the place to the avatar that knows it best, [B]."""
        return _novelty(t, self.settings).amin(1)


class Covering(Bonus):
    """To where the others have been more often: ``f_i`` where it is above the mean of all ``f_j``, else 0."""

    name = "covering"
    counts = True
    Settings = Novelty

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """The avatar's novelty where it is above the mean, [B]."""
        novelty = _novelty(t, self.settings)
        return _above(novelty, _own(novelty, t))


class Burrowing(Bonus):
    """To where it has been more often than the others, ever deeper: ``f_i`` where it is below the mean of all ``f_j``, else 0."""

    name = "burrowing"
    counts = True
    Settings = Novelty

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """The avatar's novelty where it is below the mean, [B]."""
        novelty = _novelty(t, self.settings)
        return _below(novelty, _own(novelty, t))


class LeaderFollower(Bonus):
    """Avatar 0 burrows, the others cover."""

    name = "leader_follower"
    counts = True
    Settings = Novelty

    @torch.no_grad()
    def bonus(self, t: Transitions) -> Tensor:
        """Burrowing for avatar 0 and covering for the others, [B]."""
        novelty = _novelty(t, self.settings)
        own = _own(novelty, t)
        return torch.where(t.who == 0, _below(novelty, own), _above(novelty, own))


def _novelty(t: Transitions, settings: Novelty) -> Tensor:
    """float32 [B, M]: what the place is worth to each avatar."""
    return t.visits.clamp_min(1.0) ** -settings.decay


def _own(novelty: Tensor, t: Transitions) -> Tensor:
    return novelty.gather(1, t.who[:, None]).squeeze(1)


def _above(novelty: Tensor, own: Tensor) -> Tensor:
    return own * (own > novelty.mean(1) * (1 + SAME))


def _below(novelty: Tensor, own: Tensor) -> Tensor:
    return own * (own < novelty.mean(1) * (1 - SAME))
