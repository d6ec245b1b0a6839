"""A network that learns, at work for all avatars of one role in one batch of environments."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.agents.networks.heads import FORBIDDEN
from avatarium.training.play import kernels
from avatarium.training.play.arrivals import Arrivals
from avatarium.training.play.drawing import drawer, one_key
from avatarium.training.play.rollout import Extras, Fragment, allocate
from avatarium.worlds.core.batch import Batch, Step
from avatarium.worlds.core.rng import mix
from avatarium.worlds.core.spec import Role


class Actor:
    """Observes, decides and writes down, one step at a time.

    Call ``begin`` after a reset; then ``open``, and for every step ``act`` and ``note``, and ``close`` for the finished fragment. The
    arrays of a fragment are overwritten by the next but one. Avatars that somebody else moves (see ``Stage``) are written down as absent.
    """

    def __init__(self, batch: Batch, role: Role, steps: int, network: ActorCritic, extras: Extras) -> None:
        self.role, self.network = role, network
        self._batch, self._steps = batch, steps
        self._draw = drawer(role)
        self._buffers: Iterator[Fragment] = itertools.cycle([allocate(role, steps, batch.num_envs, extras) for _ in range(2)])
        self._arrivals = Arrivals(batch, role, extras.lifetime) if extras.visits else None
        self._lead = (batch.num_envs, role.count)
        self._normalised = torch.zeros(batch.num_envs * role.count, role.observation_size)
        self.mine = np.ones(self._lead, np.bool_)
        """bool [N, A]: avatars that the network moves."""

    def begin(self) -> None:
        """Forget what was."""
        self._memory = self.network.initial(self._lead[0] * self._lead[1])
        self._fresh = np.ones(self._lead[0] * self._lead[1], np.bool_)
        if self._arrivals:
            self._arrivals.begin()

    def open(self) -> None:
        """Begin a fragment."""
        self.fragment = next(self._buffers)
        for part, kept in zip(self.fragment.state, self._memory, strict=True):
            part[:] = kept.numpy()
        self._finals: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]] = []
        found = self.network.normalise
        self._scaling = found.mean.numpy(), (1.0 / found.deviation).numpy(), np.float32(found.limit)

    def act(self, t: int, greedy: bool, key: int) -> np.ndarray:
        """Observe and decide in step ``t``; returns actions [N, A, heads], of which those of avatars that are not ``mine`` mean nothing."""
        fragment, batch, name = self.fragment, self._batch, self.role.name
        self._observe(t)
        fragment.present[t] = (batch.present[name] & self.mine).reshape(-1)
        kernels.normalise(fragment.observations[t], *self._scaling, self._normalised.numpy())
        outputs, self._memory = self.network.act_on(self._normalised, torch.from_numpy(fragment.starts[t]), self._memory)
        decided = outputs.numpy()
        if self.role.masked:
            fragment.allowed[t] = batch.allowed[name].reshape(fragment.allowed.shape[1:])
            np.putmask(decided, ~fragment.allowed[t], FORBIDDEN)
        self._draw(decided, one_key(key), greedy, fragment.actions[t], fragment.log_probs[t])
        actions: np.ndarray = fragment.actions[t].reshape(*self._lead, -1)
        return self.role.stretched(np.clip(actions, -1.0, 1.0)) if self.role.continuous else actions

    def _observe(self, t: int) -> None:
        fragment, batch, name = self.fragment, self._batch, self.role.name
        fragment.observations[t] = batch.observations[name].reshape(fragment.observations.shape[1:])
        fragment.starts[t] = self._fresh
        if fragment.central.shape[-1]:
            fragment.central[t] = batch.central

    def note(self, t: int, step: Step, rewards: np.ndarray) -> None:
        """Write down what step ``t`` brought: ``rewards`` float32 [N, A] may be other than those of ``step``."""
        fragment, name = self.fragment, self.role.name
        fragment.rewards[t] = rewards.reshape(-1)
        fragment.terminations[t] = step.termination[name].reshape(-1)
        fragment.truncations[t] = step.truncation[name].reshape(-1)
        over = fragment.terminations[t] | fragment.truncations[t]
        cut = np.flatnonzero(over & fragment.present[t])
        if len(cut):
            rows = step.final_observation[name].reshape(fragment.observations.shape[1:])[cut]
            central = (
                self._batch.final_central[fragment.central_of[cut]] if fragment.central.shape[-1] else np.zeros((len(cut), 0), np.float32)
            )
            self._finals.append((t, cut, rows, central))
        self._fresh = over | ~fragment.present[t]  # what was sensed while nobody was there, or somebody else moved, is no memory
        if self._batch.ended.any():
            self._fresh |= np.repeat(self._batch.ended, self._lead[1])
        if self._arrivals:
            fragment.visits[t] = self._arrivals.count().reshape(fragment.visits.shape[1:])

    def close(self) -> Fragment:
        """The finished fragment."""
        self._observe(self._steps)
        if not self._finals:
            return self.fragment
        steps, slots, rows, central = zip(*self._finals, strict=True)
        return replace(
            self.fragment,
            final_steps=np.concatenate([np.full(len(some), t, np.int64) for t, some in zip(steps, slots, strict=True)]),
            final_slots=np.concatenate(slots),
            final_observations=np.concatenate(rows),
            final_central=np.concatenate(central),
        )


def key_of(origin: int, *numbers: int) -> int:
    """A random key, uint64, that is fixed by all of the numbers."""
    for number in numbers:
        origin = int(mix(np.uint64(origin), np.uint64(number)))
    return origin
