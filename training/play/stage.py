"""A batch of environments and everybody who acts in it: networks that learn, and minds that do not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.league.spirit import share
from avatarium.training.play.actor import Actor, key_of
from avatarium.training.play.minds import Seated, load_mind
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rivalry import Rivalry
from avatarium.training.play.rollout import Extras, Fragment
from avatarium.training.play.tally import Tally
from avatarium.worlds.core.batch import Batch, Step


class Stage:
    """Plays fragments of ``steps`` steps in one batch, and keeps count of what happens. Everything random follows from ``origin``."""

    def __init__(
        self,
        batch: Batch,
        steps: int,
        casting: Casting,
        networks: Mapping[str, ActorCritic],
        extras: Mapping[str, Extras],
        origin: int,
        lesson: Mapping[str, Any],
    ) -> None:
        self.batch, self.lesson = batch, lesson
        self._steps, self._origin, self._time = steps, origin, 0
        self._actors = {
            name: Actor(batch, batch.roles[name], steps, networks[module], extras[module]) for name, module in casting.modules.items()
        }
        self._seated = {name: Seated(batch, name, load_mind(text, batch, name), origin) for name, text in casting.minds.items()}
        self.rivalry = Rivalry(batch, casting.sides, self._actors, origin) if casting.sides else None
        self.tally = Tally(batch)
        self._begun = False

    def _begin(self) -> None:
        """Reset all environments, spread over the course of an episode so that they do not all end in the same step."""
        batch = self.batch
        batch.reset(self._origin)
        batch.clock[:] = spread(batch)
        for actor in self._actors.values():
            actor.begin()
        if self.rivalry:
            self.rivalry.begin()
        self.tally.begin()
        self._begun = True

    def play(self, greedy: bool, orders: Orders) -> dict[str, Fragment]:
        """One fragment for each role that learns; without exploration when ``greedy``."""
        batch = self.batch
        if self.rivalry:
            self.rivalry.take(orders)
        if not self._begun:
            self._begin()
        for actor in self._actors.values():
            actor.open()
        with torch.inference_mode():
            for t in range(self._steps):
                self._time += 1
                actions = {name: mind.act(self._time).reshape(batch.actions[name].shape) for name, mind in self._seated.items()}
                for k, (name, actor) in enumerate(self._actors.items()):
                    actions[name] = actor.act(t, greedy, key_of(self._origin, self._time, k))
                if self.rivalry:
                    self.rivalry.act(actions, self._time)
                here = {name: batch.present[name].copy() for name in self._actors} if orders.spirit is not None else {}
                step = batch.step(actions)
                self._note(t, step, here, orders)
        return {name: actor.close() for name, actor in self._actors.items()}

    def _note(self, t: int, step: Step, here: Mapping[str, np.ndarray], orders: Orders) -> None:
        """Write down what step ``t`` brought those who were ``here``."""
        self.tally.step(step)
        if self.rivalry:
            self.rivalry.note(step)
        rewards = {name: step.reward[name] for name in self._actors}
        if orders.spirit is not None:
            share(list(rewards.values()), list(here.values()), orders.spirit, orders.zero_sum and len(rewards) > 1)
        for name, actor in self._actors.items():
            actor.note(t, step, rewards[name])
        if self.batch.ended.any():
            for mind in self._seated.values():
                mind.forget(self.batch.ended)

    def close(self) -> None:
        """Close the worlds."""
        self.batch.close()


def spread(batch: Batch) -> np.ndarray:
    """Clocks int32 [N] at which environments of a batch are evenly spread over the course of an episode."""
    length = getattr(batch.config, "episode_steps", 0)
    return (np.arange(batch.num_envs) * length // batch.num_envs).astype(np.int32)
