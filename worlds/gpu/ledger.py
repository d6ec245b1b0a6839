"""Returns and events of all environments of a batch, summed up on the GPU and brought home in the background."""

from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core.events import SUM
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.gpu import device
from avatarium.worlds.gpu.batch import GpuBatch
from avatarium.worlds.gpu.parcels import Parcel

PARTS = 1024
"""Threads that sum up at the same time."""


class Sum(NamedTuple):
    """How often something came up, and the sum of its values."""

    count: int  # type: ignore[assignment]
    value: float


class Sums(NamedTuple):
    """What came up since the last time."""

    events: dict[str, Sum]
    """By kind; see ``WorldSpec.events``."""
    returns: dict[str, Sum]
    """By role: episodes that were seen from their beginning to their end, and their returns, each the mean over the avatars."""


class Ledger:
    """Counts along while a batch is stepped, without waiting; call ``begin`` after a reset, and ``step`` after each ``batch.step``.

    ``ask`` now and then; ``poll`` has what was asked for as soon as it is here. Counts are exact. Values are added up in float64, in an
    order that depends on the number of environments alone: the same number in every run and on every GPU.
    """

    def __init__(self, batch: GpuBatch) -> None:
        count, roles, kinds = batch.num_envs, len(batch.roles), len(batch.spec.events)
        self._batch, self._kinds = batch, kinds
        zeros = np.zeros((count, roles)), np.zeros((count, roles), SUM), np.zeros(count, np.bool_)
        self._returns, self._finished, self._whole = (device.place(array) for array in zeros)
        self._parts = device.place(np.zeros((min(count, PARTS), kinds + roles), SUM))
        self._parcel, self._under_way = Parcel((kinds + roles,), SUM), False
        self._now = self._before = np.zeros(kinds + roles, SUM)

    def begin(self) -> None:
        """Begin anew. Episodes under way, whose clocks are not 0, do not count: their returns would say nothing."""
        self._run(open_books, self._batch.num_envs, self._batch.clock, self._returns, self._whole)
        self.sums()

    def step(self) -> None:
        """Note the step that the batch has just made: starts one kernel, no more, so that a graph of CUDA can hold it."""
        rewards = tuple(self._batch.rewards.values())
        self._run(note, self._batch.num_envs, rewards, self._batch.ended, self._whole, self._returns, self._finished)

    def ask(self) -> None:
        """Have what came up until now brought home, unless what was asked for before is still under way."""
        self._take()
        if not self._under_way:
            batch, parts = self._batch, self._parts
            self._run(add_up, len(parts), batch.events.tally, self._finished, self._kinds, parts)
            self._run(total, parts.shape[1], parts, self._parcel.there)
            self._parcel.send(batch.stream)
            self._under_way = True

    def poll(self) -> Sums | None:
        """What came up between the last two times that were asked for and told; None as long as nothing new is here."""
        self._take()
        if self._now is self._before:
            return None
        now, before = self._now, self._before
        self._before = now
        names = [*(kind.name for kind in self._batch.spec.events), *self._batch.roles]
        counts, values = (now[field] - before[field] for field in ("count", "value"))
        found = [(name, Sum(int(c), float(v))) for name, c, v in zip(names, counts, values, strict=True)]
        return Sums(dict(found[: self._kinds]), dict(found[self._kinds :]))

    def sums(self) -> Sums:
        """What came up since the last time that was told, until now; waits for it."""
        while self._under_way:
            self._parcel.wait()
            self._take()
        self.ask()
        self._parcel.wait()
        found = self.poll()
        assert found is not None
        return found

    def _take(self) -> None:
        """Keep what has come home, if something has."""
        if self._under_way and self._parcel.arrived():
            self._now, self._under_way = self._parcel.here.copy(), False

    def _run(self, kernel: Any, count: int, *arguments: Any) -> None:
        device.run(kernel, arguments, count, self._batch.stream)


@kernel
def open_books(clock, returns, whole, start, stop):
    """Begin with empty books, and note whose episode is seen from its beginning."""
    for i in range(start, stop):
        whole[i] = clock[i] == 0
        for r in range(returns.shape[1]):
            returns[i, r] = 0.0


@kernel
def note(rewards, ended, whole, returns, finished, start, stop):
    """Add a step's ``rewards``, by role float32 [N, A], to the mean returns float64 [N, R] so far, and these to ``finished`` at an end."""
    for i in range(start, stop):
        for r in range(len(rewards)):
            earned = 0.0
            for a in range(rewards[r].shape[1]):
                earned += np.float64(rewards[r][i, a])
            returns[i, r] += earned / rewards[r].shape[1]
            if ended[i]:
                if whole[i]:
                    finished[i, r].count += 1
                    finished[i, r].value += returns[i, r]
                returns[i, r] = 0.0
        whole[i] = whole[i] or ended[i]


@kernel
def add_up(tally, finished, kinds, parts, start, stop):
    """Sum up, into row p of ``parts`` SUM [P, K + R], every P-th environment from the p-th on."""
    for p in range(start, stop):
        for k in range(parts.shape[1]):
            count, value = np.int64(0), 0.0
            for i in range(p, finished.shape[0], parts.shape[0]):
                source = tally[i, k] if k < kinds else finished[i, k - kinds]
                count += source.count
                value += source.value
            parts[p, k].count, parts[p, k].value = count, value


@kernel
def total(parts, sums, start, stop):
    """Sum up each column of ``parts``, one row after the other."""
    for k in range(start, stop):
        count, value = np.int64(0), 0.0
        for p in range(parts.shape[0]):
            count += parts[p, k].count
            value += parts[p, k].value
        sums[k].count, sums[k].value = count, value
