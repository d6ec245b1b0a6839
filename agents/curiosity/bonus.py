"""What every curiosity bonus is: a reward from within for each step, and what its own networks learn from."""

from abc import ABC, abstractmethod
from itertools import accumulate
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from avatarium.agents.curiosity.transitions import Transitions


class Bonus(nn.Module, ABC):
    """A reward for what is new, surprising or instructive to an avatar, in whatever scale it comes.

    A subclass names itself (``name``), declares a frozen dataclass ``Settings`` of ``setting`` fields and writes ``bonus``; one that learns
    has a setting ``lr`` and writes ``loss`` too, in which each of its parameters takes part. What does not learn is kept in buffers, so
    that it is saved with the weights and gets no gradient. ``bonus`` and ``loss`` run on several threads at once, each with other rows:
    they write nothing; ``after_update`` may.
    """

    name: ClassVar[str]
    counts: ClassVar[bool] = False
    """Whether it needs ``Transitions.visits``."""
    Settings: ClassVar[type[Any]]
    settings: Any
    offsets: Tensor

    def __init__(self, observation_size: int, choices: tuple[int, ...], controls: int, settings: Any) -> None:
        super().__init__()
        self.observation_size, self.choices, self.controls, self.settings = observation_size, tuple(choices), controls, settings
        self.action_size = controls or sum(choices)
        self.register_buffer("offsets", torch.tensor([0, *accumulate(self.choices)][: len(self.choices)]), persistent=False)

    @abstractmethod
    def bonus(self, t: Transitions) -> Tensor:
        """The reward from within, float32 [B], at least 0 and without gradient."""

    def loss(self, t: Transitions) -> Tensor | None:
        """What its parameters learn from, a mean over the rows of ``t``; None when there is nothing to learn."""
        return None

    def after_update(self) -> None:
        """Called once after each batch has been learnt from; most bonuses have nothing to do then."""

    def encode(self, actions: Tensor) -> Tensor:
        """Actions as a network takes them, float32 [B, action_size]: one-hot per head, or the controls as they are."""
        if self.controls:
            return actions
        zeros = torch.zeros(len(actions), self.action_size, device=actions.device)
        return zeros.scatter_(1, actions + self.offsets, 1.0)
