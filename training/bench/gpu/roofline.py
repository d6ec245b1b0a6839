"""What the memory of a GPU allows: the bytes that a step cannot do without, over how many it moves in a second."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from avatarium.training.bench.gpu.figures import WORLD, Pace, Row, median, seconds_each
from avatarium.worlds.core import discovery
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.gpu import device


@dataclass(frozen=True)
class Roofline:
    """How near stepping is to what memory allows."""

    bytes_each: float
    """That each agent-step reads or writes, see ``bytes_of``."""
    bandwidth: float
    """Bytes that memory was measured to read and write in a second."""
    bound: float
    """Agent-steps a second at which memory would be busy all the time."""
    share: float
    """Of that, reached."""
    limit: str
    """What takes the time instead."""


def bytes_of(batch: Batch) -> float:
    """Bytes of memory that an agent-step of ``batch``, on the CPU, cannot do without, each counted once, as if caches held all else.

    Written: what is sensed, paid and flagged. Read: actions, and the boxes of the plan that there are. Both: what moves in the world
    (``frame_fields``). What is the environment's is shared out over its avatars. Not counted: maps of ways and cells, of which a
    step reads a few, resets, events.
    """
    told = (batch.observations, batch.rewards, batch.reward_terms)
    written = sum(array.nbytes for arrays in told for array in arrays.values())
    written += 2 * sum(array.size for array in batch.rewards.values())  # termination, truncation
    moved = sum(2 * attrgetter(field)(batch.state).nbytes for field in batch.spec.frame_fields)
    read = sum(array.nbytes for array in batch.actions.values())
    plan = getattr(batch.state, "plan", None)
    boxes = 0 if plan is None else int(plan.num_boxes.sum()) * (4 * plan.boxes.itemsize + plan.kinds.itemsize)
    total: int = written + moved + read + boxes
    return total / (batch.num_envs * sum(batch.num_agents.values()))


def copying(pace: Pace) -> float:
    """Bytes a second that the GPU's memory reads and writes when one half of what is copied is copied to the other."""
    here, there = (device.place(np.zeros(pace.copied, np.uint8)) for _ in range(2))
    return 2 * pace.copied / median(seconds_each(lambda: device.store(there, here), pace))


def roofline(stepped: Row, bandwidth: float, settings: dict[str, Any]) -> Roofline:
    """Where ``stepped``, the best row of ``stepping``, stands."""
    batch = Batch(discovery.spec(WORLD), 64, **settings)
    batch.reset(0)
    each = bytes_of(batch)
    share = stepped.rate * each / bandwidth
    return Roofline(each, bandwidth, bandwidth / each, share, limit(stepped.about, share))


def limit(about: dict[str, Any], share: float) -> str:
    """What a step waits for most, in words.

    >>> limit({"step_ms": 2.0, "step_ms_without_resets": 1.9, "starting_ms": 0.1}, 0.1)
    'the work of each thread: arithmetic, and branches that the environments of a warp take one after the other'
    >>> limit({"step_ms": 2.0, "step_ms_without_resets": 0.8, "starting_ms": 0.1}, 0.1)
    'resets: 60 % of a step is spent on the few environments that begin anew'
    """
    step = about["step_ms"]
    resets = 1 - about["step_ms_without_resets"] / step
    if share > 0.6:
        return f"memory: {share:.0%} of what it can move is moved".replace("%", " %")
    if about["starting_ms"] > 0.8 * step:
        return "starting kernels: the process is busy with that for most of a step"
    if resets > 0.3:
        return f"resets: {resets:.0%} of a step is spent on the few environments that begin anew".replace("%", " %")
    return "the work of each thread: arithmetic, and branches that the environments of a warp take one after the other"
