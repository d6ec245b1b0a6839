"""Whether the GPU that was measured did the right thing: some environments go on on the CPU as well, and every byte is compared."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from avatarium.training.bench.gpu.playing import Play
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.following import raw

STEPS, CHOSEN = 50, 8


def difference(play: Play, steps: int = STEPS) -> str:
    """The first field in which CPU and GPU differ within ``steps`` steps, and when; empty when they never do."""
    envs = np.linspace(0, play.batch.num_envs - 1, min(CHOSEN, play.batch.num_envs)).astype(np.int64)
    here = play.batch.home(envs)
    for t in range(steps):
        play.step()
        here.step({name: device.rows(array, envs) for name, array in play.batch.actions.items()})
        there = dict(fields(play.batch))
        for name, array in fields(here):
            if array.size and (raw(array) != device.rows(raw(there[name]), envs)).any():  # padding counts too
                return f"{name} differs from that of a CPU after {t + 1} steps"
    return ""


def fields(batch: Batch) -> Iterator[tuple[str, Any]]:
    """Arrays [N, ...] of what one can see of a batch, by name."""
    yield from ((f"state.{field}", attrgetter(field)(batch.state)) for field in (*batch.spec.level_fields, *batch.spec.frame_fields))
    parts = {"observations": batch.observations, "rewards": batch.rewards, "reward_terms": batch.reward_terms, "present": batch.present}
    yield from ((f"{part}.{role}", array) for part, arrays in parts.items() for role, array in arrays.items())
    yield from zip(
        ("clock", "ended", "stream", "tally"), (batch.clock, batch.ended, batch.episodes.stream, batch.events.tally), strict=True
    )
