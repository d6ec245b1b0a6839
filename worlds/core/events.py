"""What happened in a step, as records; and running sums, so that a trainer need not read the records."""

from typing import NamedTuple

import numpy as np

from avatarium.worlds.core.kernels import inlined

EVENT = np.dtype([("kind", "u2"), ("who", "i2"), ("whom", "i2"), ("value", "f4")], align=True)
"""kind: index in ``WorldSpec.events``; who, whom: numbers of avatars (see ``spec.avatar_numbers``), -1 for nobody."""

SUM = np.dtype([("count", "i8"), ("value", "f8")])


class EventLog(NamedTuple):
    """Events of the last step and sums since the last ``reset(seed)``; N environments, C records at most, K kinds."""

    records: np.ndarray  # EVENT [N, C]
    count: np.ndarray  # type: ignore[assignment]  # int32 [N]: how many of them are of the last step
    tally: np.ndarray  # SUM [N, K]


def allocate(num_envs: int, capacity: int, kinds: int) -> EventLog:
    """An empty log."""
    return EventLog(np.zeros((num_envs, capacity), EVENT), np.zeros(num_envs, np.int32), np.zeros((num_envs, max(kinds, 1)), SUM))


@inlined
def emit(log, i, kind, who, whom, value):
    """Note that ``kind`` happened to avatar ``who`` (with ``whom``) in environment ``i``. Past the capacity only the sums go on."""
    n = log.count[i]
    if n < log.records.shape[1]:
        record = log.records[i, n]
        record.kind = kind
        record.who = who
        record.whom = whom
        record.value = value
    log.count[i] = n + 1
    log.tally[i, kind].count += 1
    log.tally[i, kind].value += value
