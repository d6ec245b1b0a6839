"""A network that learns, at work for all avatars of one role of a batch on a GPU, which nothing leaves."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.agents.networks.heads import masked
from avatarium.training.gpu import sharing
from avatarium.training.play.arrivals import Arrivals
from avatarium.training.play.drawing import drawer
from avatarium.training.play.rollout import SPARSE, Extras, Fragment, allocate
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import mix
from avatarium.worlds.core.spec import Role
from avatarium.worlds.gpu import device as gpu


@kernel
def turn(key, time, origin, number, start, stop):
    """The key of the next step, int64 [1]: what ``actor.key_of`` makes of ``origin``, that step's ``time`` int64 [1] and ``number``."""
    for k in range(start, stop):
        time[k] += 1
        key[k] = np.int64(mix(mix(origin, time[k]), number))


class GpuActor:
    """What ``Actor`` is on a CPU: observes, decides and writes down, one step at a time, without a look at what comes out.

    Everything is written to the same memory fragment after fragment, so that the work can be recorded once and be replayed (see
    ``Replayed``). The fragment of ``close`` is overwritten by the next.
    """

    def __init__(
        self, batch: Batch, role: Role, steps: int, network: ActorCritic, extras: Extras, keys: tuple[int, int], device: torch.device
    ) -> None:
        """``keys``: origin of everything random, and the number of the actor among those of the stage."""
        self.role, self._batch, self._steps, self._network = role, batch, steps, network
        self._fragment = _on(device, allocate(role, steps, batch.num_envs, extras))
        slots, size = batch.num_envs * role.count, role.observation_size
        self._finals = torch.zeros(steps, slots, size, device=device)
        self._final_central = torch.zeros(steps, batch.num_envs, extras.central, device=device)
        self._draw, self._keys = drawer(role, device), (np.uint64(keys[0]), np.uint64(keys[1]))
        self._key, self._time = torch.zeros(2, 1, dtype=torch.int64, device=device)  # not all of torch knows uint64
        self._memory = tuple(part.to(device) for part in network.initial(slots))
        self._fresh = torch.ones(slots, dtype=torch.bool, device=device)
        name = role.name
        self._seen, self._present = _flat(batch.observations[name]), _flat(batch.present[name])
        self._allowed, self._actions = _flat(batch.allowed[name]), _flat(batch.actions[name])
        self._ended = sharing.tensor(batch.ended)
        self._central, self._last_central = sharing.tensor(batch.central), sharing.tensor(batch.final_central)
        self._arrivals = Arrivals(batch, role, extras.lifetime, gpu.fetch) if extras.visits else None

    @property
    def counts(self) -> bool:
        """Whether visits are counted, for which every step is looked at on the CPU."""
        return self._arrivals is not None

    def open(self) -> None:
        """Begin a fragment."""
        for part, kept in zip(self._fragment.state, self._memory, strict=True):
            part.copy_(kept)

    def act(self, t: int, greedy: bool) -> None:
        """Observe and decide in step ``t``: fills the batch's actions."""
        fragment: Any = self._fragment
        self._observe(t)
        fragment.present[t].copy_(self._present)
        normalised = self._network.normalise(fragment.observations[t])
        outputs, memory = self._network.act_on(normalised, fragment.starts[t], self._memory)
        for kept, new in zip(self._memory, memory, strict=True):
            kept.copy_(new)
        if self.role.masked:
            fragment.allowed[t].copy_(self._allowed)
            outputs = masked(outputs, self._allowed)
        actions = fragment.actions[t]
        sharing.run(turn, (self._key, self._time, *self._keys), 1)
        self._draw(outputs.float().contiguous(), self._key, greedy, actions, fragment.log_probs[t])
        self._actions.copy_(self.role.stretched(actions.clamp(-1.0, 1.0)) if self.role.continuous else actions)

    def _observe(self, t: int) -> None:
        fragment: Any = self._fragment
        fragment.observations[t].copy_(self._seen)
        fragment.starts[t].copy_(self._fresh)
        fragment.central[t].copy_(self._central)

    def note(self, t: int, rewards: Tensor, termination: Tensor, truncation: Tensor, final: Tensor) -> None:
        """Write down what step ``t`` brought: float32 and bool [N, A], and the last observations float32 [N, A, D] of whoever's ended."""
        fragment: Any = self._fragment
        fragment.rewards[t].copy_(rewards.flatten())
        fragment.terminations[t].copy_(termination.flatten())
        fragment.truncations[t].copy_(truncation.flatten())
        self._finals[t].copy_(final.flatten(0, 1))
        self._final_central[t].copy_(self._last_central)
        ended = self._ended.repeat_interleave(self.role.count, output_size=len(self._fresh))
        self._fresh.copy_(fragment.terminations[t] | fragment.truncations[t] | ~fragment.present[t] | ended)
        if self._arrivals:
            fragment.visits[t].copy_(torch.from_numpy(self._arrivals.count()).flatten(0, 1))

    def close(self) -> Fragment:
        """The finished fragment."""
        fragment: Any = self._fragment
        self._observe(self._steps)
        cut = (fragment.terminations | fragment.truncations) & fragment.present
        steps, slots = torch.nonzero(cut, as_tuple=True)
        central = self._final_central[steps, fragment.central_of[slots]]
        found: Fragment = replace(
            fragment, final_steps=steps, final_slots=slots, final_observations=self._finals[steps, slots], final_central=central
        )
        return found


def _flat(array: Any) -> Tensor:
    """An array [N, A, ...] of a batch as a tensor [N * A, ...] over the same memory."""
    return sharing.tensor(array).flatten(0, 1)


def _on(device: torch.device, fragment: Fragment) -> Fragment:
    """An empty fragment of tensors."""
    columns: dict[str, Any] = {f.name: torch.from_numpy(getattr(fragment, f.name)) for f in fields(Fragment) if f.name not in SPARSE}
    return replace(fragment, **{name: column.to(device) for name, column in columns.items()})
