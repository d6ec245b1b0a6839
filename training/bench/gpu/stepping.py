"""How fast worlds are stepped on a GPU, by random actions that are drawn there."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from avatarium.training.bench.gpu.figures import WORLD, Pace, Row, Tell, median, seconds_each, starting_s
from avatarium.worlds.core import discovery
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import LEVEL, PURPOSES, below
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch

TARGET = 50e6
SEED = 5
ROOM = 0.8
"""Share of the GPU's memory that worlds may take."""
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


def measured(pace: Pace, tell: Tell) -> Iterator[Row]:
    """Agent-steps a second, resets included, by numbers of environments and of threads in a block; the best, last, has more about it."""
    rows = []
    for envs in fitting(pace):
        play = Play(envs, pace.settings)
        for threads in pace.threads:
            row = _row(play, threads, pace)
            tell(f"{envs:,} environments, blocks of {threads}: {row.rate:,.0f} agent-steps/s")
            rows.append(row)
        del play
    best = max(rows, key=lambda row: row.rate)
    yield from (replace(row, target=None, best=False) for row in rows if row is not best)
    yield replace(best, about=best.about | _causes(best, pace))


def fitting(pace: Pace) -> list[int]:
    """Numbers of environments for which there is memory, at least the smallest."""
    each = sum(array.nbytes for array in Batch(discovery.spec(WORLD), 2, **pace.settings)._memory()) // 2
    return [envs for envs in pace.envs if envs * each <= ROOM * device.memory()] or [min(pace.envs)]


def _row(play: Play, threads: int, pace: Pace) -> Row:
    with blocks_of(threads):
        windows = seconds_each(play.step, pace)
    rates = tuple(play.avatars / seconds for seconds in windows)
    about = {"environments": play.batch.num_envs, "threads": threads, "step_ms": 1000 * median(windows)}
    return Row("agent_steps_per_s", f"{WORLD}, stepped", median(rates), "agent-steps", TARGET, rates, about=about)


def _causes(best: Row, pace: Pace) -> dict[str, Any]:
    """Where the time of a step goes: without resets, and for the process that starts it all, in ms."""
    envs, threads = best.about["environments"], best.about["threads"]
    with blocks_of(threads):
        steady = median(seconds_each(Play(envs, pace.settings, spread=False).step, pace))
        started = starting_s(Play(envs, pace.settings).step)
    return {"step_ms_without_resets": 1000 * steady, "starting_ms": 1000 * started}


@contextlib.contextmanager
def blocks_of(threads: int) -> Iterator[None]:
    """Within, kernels are started in blocks of so many threads."""
    before, device.THREADS = device.THREADS, threads
    try:
        yield
    finally:
        device.THREADS = before
