"""What of an actor-critic acts: raw observations and memory in, decisions and memory out."""

import torch
from torch import Tensor, nn

from avatarium.agents.networks.actor_critic import ActorCritic, State
from avatarium.worlds.core.spec import Role


class Acting(nn.Module):
    """The policy of a network for one role, as it is exported.

    Networks learn decision by decision (``Batch.by_decision``): where a role does not decide in every step, memory stands still in between.
    """

    def __init__(self, network: ActorCritic, role: Role) -> None:
        super().__init__()
        self.network, self._due = network, role.slices()[role.due] if role.due else None

    def decide(self, observation: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits, or means and log-deviations side by side, for raw observations float32 [B, D], and the new memory."""
        decided, after = self.network.act(observation, state)
        if self._due is not None:
            due = observation[:, self._due] > 0.5
            after = tuple(torch.where(due, new, old) for new, old in zip(after, state, strict=True))
        return decided, after

    def forward(self, observation: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Outputs [B, ...]: logits, or means and log-deviations one after the other; then the new memory."""
        decided, after = self.decide(observation, state)
        return (*(decided.chunk(2, dim=-1) if self.network.controls else (decided,)), *after)
