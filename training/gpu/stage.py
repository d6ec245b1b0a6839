"""A batch of environments on a GPU, and everybody who learns in it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.gpu import sharing
from avatarium.training.gpu.actor import GpuActor
from avatarium.training.gpu.replayed import Replayed
from avatarium.training.gpu.tally import GpuTally
from avatarium.training.league.spirit import share
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rollout import Extras, Fragment
from avatarium.training.play.stage import spread
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch


class GpuStage:
    """What ``Stage`` is on a CPU, for networks alone, which lie on the GPU as well. Fragments are overwritten by the next."""

    rivalry = None

    def __init__(
        self,
        batch: GpuBatch,
        steps: int,
        casting: Casting,
        networks: Mapping[str, ActorCritic],
        extras: Mapping[str, Extras],
        origin: int,
        lesson: Mapping[str, Any],
    ) -> None:
        self.batch, self.lesson = batch, lesson
        self._steps, self._origin = steps, origin
        where = next(iter(networks.values())).normalise.mean.device
        self._actors = {
            name: GpuActor(batch, batch.roles[name], steps, networks[module], extras[module], (origin, k), where)
            for k, (name, module) in enumerate(casting.modules.items())
        }
        self._present, step = _tensors(batch.present), batch._step
        self._rewards, self._finals = _tensors(step.reward), _tensors(step.final_observation)
        self._terminations, self._truncations = _tensors(step.termination), _tensors(step.truncation)
        self.tally = GpuTally(batch)
        self._greedy, self._orders, self._begun = False, Orders(), False
        steady = where.type == "cuda" and not any(actor.counts for actor in self._actors.values())
        self._replayed = Replayed(self._play, self._follow) if steady else None

    def _begin(self) -> None:
        """Reset all environments, spread over the course of an episode so that they do not all end in the same step."""
        self.batch.reset(self._origin)
        device.store(self.batch.clock, spread(self.batch))
        self.tally.begin()
        self._begun = True

    def play(self, greedy: bool, orders: Orders) -> dict[str, Fragment]:
        """One fragment for each role that learns; without exploration when ``greedy``."""
        if not self._begun:
            self._begin()
        self._orders = orders
        with torch.no_grad():
            if self._replayed and orders.spirit is None and not greedy:
                self._greedy = False
                self._replayed()
            else:
                self._greedy = greedy
                self._play()
            return {name: actor.close() for name, actor in self._actors.items()}

    def _play(self) -> None:
        for actor in self._actors.values():
            actor.open()
        for t in range(self._steps):
            for actor in self._actors.values():
                actor.act(t, self._greedy)
            here = {name: self._present[name].clone() for name in self._actors} if self._orders.spirit is not None else {}
            self.batch.step(self.batch.actions)
            self.tally.step()
            if self._orders.spirit is not None:
                rewards = [self._rewards[name] for name in self._actors]
                share(rewards, list(here.values()), self._orders.spirit, self._orders.zero_sum and len(rewards) > 1)
            for name, actor in self._actors.items():
                actor.note(t, self._rewards[name], self._terminations[name], self._truncations[name], self._finals[name])

    def _follow(self) -> None:
        """Step on the stream on which torch works."""
        self.batch.stream = sharing.stream()

    def close(self) -> None:
        """Close the worlds."""
        self.batch.close()


def _tensors(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    return {name: sharing.tensor(array) for name, array in arrays.items()}
