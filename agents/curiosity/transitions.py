"""What a curiosity bonus looks at: a batch of steps of avatars of one role."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Transitions:
    """B steps, a row each; rows are independent of one another, so that they may be cut into minibatches and shared out over threads."""

    before: Tensor
    """float32 [B, D]: the observation, normalised and clipped to [-5, 5]."""
    actions: Tensor
    """int64 [B, heads], or float32 [B, controls] in [-1, 1]."""
    after: Tensor
    """float32 [B, D]: the observation that followed, normalised likewise; the final one where the episode ended."""
    visits: Tensor
    """float32 [B, M]: how often each of the M avatars of this role and environment has been in the place where this one arrived, this
    arrival included; M is 0 when no bonus asks for it."""
    who: Tensor
    """int64 [B]: which of the M avatars this one is."""

    @property
    def own_visits(self) -> Tensor:
        """float32 [B]: how often the avatar itself has been where it arrived, at least 1."""
        return self.visits.gather(1, self.who[:, None]).squeeze(1).clamp_min(1.0)
