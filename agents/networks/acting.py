"""What of an actor-critic acts: raw observations and memory in, decisions and memory out."""

import torch
from torch import Tensor, nn

from avatarium.agents.networks.actor_critic import ActorCritic, State
from avatarium.worlds.core.spec import Role


class Acting(nn.Module):
    """The policy of a network for one role, as it is exported; with ``value``, so is the return that it expects (see ``judges_alone``).

    Networks learn decision by decision (``Batch.by_decision``): where a role does not decide in every step, memory stands still in between.
    """

    def __init__(self, network: ActorCritic, role: Role, value: bool = False) -> None:
        super().__init__()
        self.value = value
        self.network, self._due = network, role.slices()[role.due] if role.due else None

    def decide(self, observation: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits, or means and log-deviations side by side, for raw observations float32 [B, D], and the new memory."""
        decided, after = self.network.act(observation, state)
        return decided, self._kept(observation, state, after)

    def forward(self, observation: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Outputs [B, ...]: logits, or means and log-deviations one after the other; then values [B, 1], if wanted; then the new memory."""
        if self.value:
            decided, value, after = self.network.act_and_judge(observation, state)
            told: tuple[Tensor, ...] = (value,)
        else:
            (decided, after), told = self.network.act(observation, state), ()
        outputs = decided.chunk(2, dim=-1) if self.network.controls else (decided,)
        return (*outputs, *told, *self._kept(observation, state, after))

    def _kept(self, observation: Tensor, state: State, after: State) -> State:
        """The memory afterwards: that from before where nothing was due."""
        if self._due is None:
            return after
        due = observation[:, self._due] > 0.5
        return tuple(torch.where(due, new, old) for new, old in zip(after, state, strict=True))
