"""A batch of environments and everybody who acts in it: networks that learn, and minds that do not."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.actor import Actor, key_of
from avatarium.training.minds import Seated, load_mind
from avatarium.training.orders import Casting
from avatarium.training.rollout import Extras, Fragment
from avatarium.training.tally import Tally
from avatarium.worlds.core.batch import Batch


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
        self.tally = Tally(batch)
        self._begin()

    def _begin(self) -> None:
        """Reset all environments, spread over the course of an episode so that they do not all end in the same step."""
        batch = self.batch
        batch.reset(self._origin)
        length = getattr(batch.config, "episode_steps", 0)
        batch.clock[:] = np.arange(batch.num_envs) * length // batch.num_envs
        for actor in self._actors.values():
            actor.begin()
        self.tally.begin()

    def play(self, greedy: bool) -> dict[str, Fragment]:
        """One fragment for each role that learns; without exploration when ``greedy``."""
        batch = self.batch
        for actor in self._actors.values():
            actor.open()
        with torch.inference_mode():
            for t in range(self._steps):
                self._time += 1
                actions = {name: mind.act(self._time).reshape(batch.actions[name].shape) for name, mind in self._seated.items()}
                for k, (name, actor) in enumerate(self._actors.items()):
                    actions[name] = actor.act(t, greedy, key_of(self._origin, self._time, k))
                step = batch.step(actions)
                for name, actor in self._actors.items():
                    actor.note(t, step, step.reward[name])
                self.tally.step(step)
                if batch.ended.any():
                    for mind in self._seated.values():
                        mind.forget(batch.ended)
        return {name: actor.close() for name, actor in self._actors.items()}

    def close(self) -> None:
        """Close the worlds."""
        self.batch.close()
