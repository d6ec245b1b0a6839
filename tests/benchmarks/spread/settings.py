"""What everybody but Avatarium learns with."""

from dataclasses import dataclass

from spread.diary import AGENTS


@dataclass(frozen=True)
class Settings:
    """What was found best for TorchRL among those tried; the others are not tuned on their own.

    The settings of TorchRL's tutorial, made for millions of samples, were not tried.
    """

    envs: int = 32
    """Over all processes."""
    fragment: int = 25
    epochs: int = 10
    minibatch: int = 600
    """Decisions of single agents."""
    lr: float = 2e-3
    lr_end: float = 0.1
    """Share of it that is left at the end."""
    gamma: float = 0.9
    lam: float = 0.95
    clip: float = 0.2
    entropy: float = 0.01
    value: float = 0.5
    gradient_clip: float = 10.0
    hidden: int = 128
    """Units in each of two hidden layers."""

    @property
    def env_steps(self) -> int:
        """Environment steps in a minibatch; each holds a decision of every agent."""
        return self.minibatch // AGENTS


FOUND = Settings()
