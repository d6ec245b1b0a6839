"""Transcripts of chosen environments of a batch on a GPU, written in the background while it is stepped."""

import threading
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import numpy as np

from avatarium.worlds.core import settings
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.recorder import NOTHING, Recorder
from avatarium.worlds.gpu import device, parcels
from avatarium.worlds.gpu.batch import GpuBatch
from avatarium.worlds.gpu.seeds import seed_of

LANES = 64
"""Threads that share the row of an environment."""
BYTE = np.dtype(np.uint8)


class Follower:
    """Writes a transcript of every episode of environments ``envs``, as ``Recorder`` does; call ``step`` after each ``batch.step``.

    What they were in a step is gathered on the GPU, sent home beside what goes on there, and written by a thread. Files are called
    ``WORLD-SEED.avt``, by the seed with which a batch of one environment begins that very episode; ``environment`` and ``episode`` (from 1)
    are in the header's ``extra``. Episodes that have begun before are left out. ``step`` waits only when ``slots`` steps are still to be
    written. What the writer fails with, such as a full disk, is raised by the next ``step``, or by ``close``; files are whole up to their
    last chunk then. Not for batches that are stepped ``by_decision``, nor within a graph of CUDA.
    """

    def __init__(
        self,
        batch: GpuBatch,
        envs: Sequence[int],
        folder: Path,
        policies: Mapping[str, str] = NOTHING,
        extra: Mapping[str, Any] = NOTHING,
        minds: Mapping[str, str] = NOTHING,
        slots: int = 8,
    ) -> None:
        """``policies``, ``extra``, ``minds``: for the headers, see ``Recorder``. Raises UserError for what cannot be followed."""
        chosen = np.asarray(envs, np.int64)
        if chosen.ndim != 1 or not len(chosen) or chosen.min() < 0 or chosen.max() >= batch.num_envs or len(set(envs)) < len(chosen):
            raise UserError(f"envs={list(envs)}: give unlike numbers of environments from 0 to {batch.num_envs - 1}")
        if any(role.due for role in batch.roles.values()) and device.rows(batch.episodes.by_decision, chosen).any():
            raise UserError("steps that last until the next decision cannot be recorded: follow a batch without by_decision")
        self._batch = batch
        self._columns = tuple(raw(array) for array in followed(batch) if array.size)
        edges = np.cumsum([0, *(column.shape[1] for column in self._columns)])
        self._edges, self._envs, self._shape = device.place(edges), device.place(chosen), (len(chosen), int(edges[-1]))
        about = {"policies": policies, "minds": minds}
        self._tracks = [Track(batch, folder, about, {**extra, "environment": env}) for env in chosen.tolist()]
        self._free: SimpleQueue[parcels.Parcel] = SimpleQueue()
        self._full: SimpleQueue[parcels.Parcel | None] = SimpleQueue()
        for _ in range(slots - 1):
            self._free.put(parcels.Parcel(self._shape, BYTE))
        self._slot = parcels.Parcel(self._shape, BYTE)
        self._fault: Exception | None = None
        self._told = False
        self._thread: threading.Thread | None = threading.Thread(target=self._write, args=(parcels.number(),), daemon=True)
        self._thread.start()
        batch.onlookers.append(self._gather)

    def _gather(self) -> None:
        """Fill the slot, before what ended is followed by the next."""
        arguments = (self._columns, self._edges, self._envs, LANES, self._slot.there)
        device.run(gather, arguments, self._shape[0] * LANES, self._batch.stream)

    def step(self) -> None:
        """Send home the step that the batch has just made."""
        self._tell()
        if self._thread is None:
            raise UserError("this follower was closed: make another one")
        self._slot.send(self._batch.stream)
        self._full.put(self._slot)
        self._slot = self._free.get()

    def close(self) -> None:
        """Write what is left, also of episodes that have not ended, and close all files."""
        if self._thread is not None:
            self._batch.onlookers.remove(self._gather)
            self._full.put(None)
            self._thread.join()
            self._thread = None
        if not self._told:
            self._tell()

    def _tell(self) -> None:
        if self._fault is not None:
            self._told = True
            raise self._fault

    def _write(self, number: int) -> None:
        """What the thread does: write slot by slot, and the ends after the last one."""
        parcels.enter(number)
        while (slot := self._full.get()) is not None:
            self._guarded(slot)
            self._free.put(slot)
        self._guarded(None)

    def _guarded(self, slot: parcels.Parcel | None) -> None:
        """Write a slot, or the ends, unless something went wrong before."""
        if self._fault is not None:
            return
        try:
            if slot is not None:
                slot.wait()
            for k, track in enumerate(self._tracks):
                if slot is None:
                    track.close()
                else:
                    track.take(slot.here[k])
        except Exception as fault:  # whatever it is, the caller has to hear of it, and must not wait for slots in vain
            self._fault = fault
            for track in self._tracks:
                track.abandon()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Track:
    """One environment that is followed: the transcript of the episode in play, if it was seen from its beginning."""

    def __init__(self, batch: Batch, folder: Path, about: Mapping[str, Any], extra: Mapping[str, Any]) -> None:
        self._spec, self._config, self._folder, self._about, self._extra = batch.spec, settings.told(batch.config), folder, about, extra
        self._recorder: Recorder | None = None
        self._due: tuple[int, ...] = ()
        self._restore(Batch(self._spec, 1, autoreset=False, **self._config))

    def _restore(self, standin: Batch) -> None:
        self._standin, self._columns = standin, [raw(array)[0] for array in followed(standin) if array.size]

    def take(self, row: np.ndarray) -> None:
        """Note a step: uint8 [W], as ``gather`` puts it together."""
        self._fill(row)
        course = self._standin.episodes
        origin, count, clock = int(course.origin[0]), int(course.count[0]), int(course.clock[0])
        if course.over[0] and not self._standin.ended[0]:  # it stands still
            return
        if clock == 1:
            self._begin(origin, count)
            self._fill(row)
        elif self._due != (origin, count, clock):  # it was reset, or begins elsewhere
            self.close()
        if self._recorder is not None:
            self._recorder.step()
            self._due = (origin, count, clock + 1)
            if self._standin.ended[0]:
                self.close()

    def _fill(self, row: np.ndarray) -> None:
        at = 0
        for column in self._columns:
            column[...] = row[at : at + len(column)]
            at += len(column)

    def _begin(self, origin: int, count: int) -> None:
        """Begin the same episode in a batch of its own, to which what happens is written: it has no leftovers of earlier ones."""
        self.close()
        seed = seed_of(origin, count)
        self._restore(Batch(self._spec, 1, autoreset=False, **self._config))
        self._standin.reset([seed])
        self._recorder = Recorder(self._folder, self._standin, [seed], extra={**self._extra, "episode": count}, **self._about)

    def close(self) -> None:
        """End the transcript, if there is one."""
        recorder, self._recorder, self._due = self._recorder, None, ()
        if recorder is not None:
            recorder.close()

    def abandon(self) -> None:
        """Let go of the file, where it cannot be written."""
        if self._recorder is not None:
            self._recorder.abandon()
            self._recorder = None


def followed(batch: Batch) -> list[Any]:
    """The arrays of a batch that a transcript is made of, and those that say which step of which episode it is."""
    frames = [attrgetter(field)(batch.state) for field in batch.spec.frame_fields]
    course, log = batch.episodes, batch.events
    when = (batch.ended, course.over, course.origin, course.count, course.clock)
    return [*batch.actions.values(), *batch.rewards.values(), *frames, log.records, log.count, *when]


def raw(array: Any) -> Any:
    """An array [N, ...] of a batch as the bytes that it is made of, uint8 [N, B], over the same memory."""
    shape = (array.shape[0], array.size // array.shape[0] * array.dtype.itemsize)
    return np.ndarray(shape, BYTE, array) if isinstance(array, np.ndarray) else device.as_numbers(array, BYTE).reshape(*shape)


@kernel
def gather(columns, edges, envs, lanes, out, start, stop):
    """Put row ``envs[k]`` of all ``columns``, uint8 [N, B], one after the other into ``out[k]`` [W]; ``lanes`` threads share a row."""
    for n in range(start, stop):
        k, lane = n // lanes, n % lanes
        for c in range(len(columns)):
            column, at = columns[c], edges[c]
            for b in range(lane, column.shape[1], lanes):
                out[k, at + b] = column[envs[k], b]
