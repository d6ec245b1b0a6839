"""What of an actor-critic acts: raw observations and memory in, decisions and memory out."""

import torch
from torch import Tensor, nn

from avatarium.agents.networks.actor_critic import ActorCritic, State
from avatarium.agents.networks.heads import stretched
from avatarium.worlds.core.spec import Role


class Acting(nn.Module):
    """The policy of a network for one role, as it is exported; with ``value``, so is the return that it expects (see ``judges_alone``).

    Networks think of controls as in [-1, 1]; what comes out here is in the role's span, as the world takes it.
    Networks learn decision by decision (``Batch.by_decision``): where a role does not decide in every step, memory stands still in between.
    """

    def __init__(self, network: ActorCritic, role: Role, value: bool = False) -> None:
        super().__init__()
        self.value = value
        self.network, self._due, self._role = network, role.slices()[role.due] if role.due else None, role

    def decide(self, observation: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits, or means and log-deviations side by side, for raw observations float32 [B, D], and the new memory."""
        decided, after = self.network.act(observation, state)
        return (stretched(decided, self._role) if self.network.controls else decided), self._kept(observation, state, after)

    def forward(self, observation: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Outputs [B, ...]: logits, or means and log-deviations one after the other; then values [B, 1], if wanted; then the new memory."""
        if self.value:
            decided, value, after = self.network.act_and_judge(observation, state)
            told: tuple[Tensor, ...] = (value,)
        else:
            (decided, after), told = self.network.act(observation, state), ()
        outputs = stretched(decided, self._role).chunk(2, dim=-1) if self.network.controls else (decided,)
        return (*outputs, *told, *self._kept(observation, state, after))

    def _kept(self, observation: Tensor, state: State, after: State) -> State:
        """The memory afterwards: that from before where nothing was due."""
        if self._due is None:
            return after
        due = observation[:, self._due] > 0.5
        return tuple(torch.where(due, new, old) for new, old in zip(after, state, strict=True))
