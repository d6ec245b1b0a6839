"""A world on a GPU with somebody in it who acts at random, drawn there as well."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from avatarium.training.bench.gpu.figures import WORLD
from avatarium.worlds.core import discovery
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import LEVEL, PURPOSES, below
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch

SEED = 5
LONG = 6000
"""Steps of an episode that does not end while it is measured."""


@kernel
def draw(stream, choices, actions, start, stop):
    """Fill ``actions`` int32 [N, A, heads] with random choices, of which each head has ``choices`` [heads]."""
    for i in range(start, stop):
        for a in range(actions.shape[1]):
            for h in range(actions.shape[2]):
                actions[i, a, h] = below(stream, i, LEVEL, choices[h])


class Play:
    """A batch of the world and somebody who acts at random in it; both on the GPU."""

    def __init__(self, envs: int, settings: dict[str, Any], spread: bool = True) -> None:
        """``spread``: environments are at all times of their episodes, so that equally many end in every step; else none ends."""
        spec = discovery.spec(WORLD)
        self.batch = GpuBatch(spec, envs, **(settings if spread else settings | {"episode_steps": LONG}))
        rng = np.random.default_rng(SEED)
        self._stream = device.place(rng.integers(0, 1 << 63, (envs, PURPOSES), np.uint64))
        choices = {name: [len(head.choices) for head in role.heads] for name, role in self.batch.roles.items()}
        self._choices = {name: device.place(np.array(counts, np.int64)) for name, counts in choices.items()}
        self.batch.reset(SEED)
        if spread:
            clock = rng.integers(0, self.batch.config.episode_steps, envs).astype(np.int32)
            device.store(self.batch.clock, clock, self.batch.stream)

    def step(self) -> None:
        """Draw actions and take a step; returns before it is done."""
        for name, choices in self._choices.items():
            device.run(draw, (self._stream, choices, self.batch.actions[name]), self.batch.num_envs, self.batch.stream)
        self.batch.step(self.batch.actions)

    @property
    def avatars(self) -> int:
        """How many act in a step."""
        return self.batch.num_envs * sum(self.batch.num_agents.values())


@contextlib.contextmanager
def blocks_of(threads: int) -> Iterator[None]:
    """Within, kernels are started in blocks of so many threads."""
    before, device.THREADS = device.THREADS, threads
    try:
        yield
    finally:
        device.THREADS = before
