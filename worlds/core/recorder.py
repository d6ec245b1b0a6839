"""Writes transcripts while a batch is stepped: one file per environment, one chunk per 64 steps."""

import contextlib
import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np

from avatarium.worlds.core import blocks, discovery, settings
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import UserError

SCHEMA = 1
CHUNK = 64
EVENT = np.dtype([("step", "u4"), ("kind", "u2"), ("who", "i2"), ("whom", "i2"), ("value", "f4")])
"""An event of a transcript; ``step`` counts from 0, the others as in ``events.EVENT``."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
Extra = Mapping[str, Any] | Callable[[int], Mapping[str, Any]] | None
"""What goes into the headers of transcripts besides: the same into all, or by seed."""


def describe_dtype(dtype: np.dtype) -> Any:
    """A dtype as JSON that ``np.dtype`` understands, offsets included."""
    if dtype.names is None:
        return dtype.str
    fields = [dtype.fields[name] for name in dtype.names]  # type: ignore[index]
    return {
        "names": list(dtype.names),
        "formats": [f[0].str for f in fields],
        "offsets": [f[1] for f in fields],
        "itemsize": dtype.itemsize,
    }


def columns(batch: Batch) -> dict[str, tuple[np.dtype, tuple[int, ...]]]:
    """What is kept for every step, by name: dtype and shape per environment."""
    found: dict[str, tuple[np.dtype, tuple[int, ...]]] = {}
    for name, role in batch.roles.items():
        found[f"actions.{name}"] = (np.dtype(role.action_dtype), (role.count, role.action_size))
        found[f"rewards.{name}"] = (np.dtype(np.float32), (role.count,))
    for field in batch.spec.frame_fields:
        array = attrgetter(field)(batch.state)
        found[f"frames.{field}"] = (array.dtype, array.shape[1:])
    return found


def header(batch: Batch, seed: int, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a transcript says about itself before its first step: what the batch knows, and what else it is ``told``."""
    kept = {name: [describe_dtype(dtype), list(shape)] for name, (dtype, shape) in columns(batch).items()}
    level = {field: _kind(attrgetter(field)(batch.state)) for field in batch.spec.level_fields}
    return {
        "schema": SCHEMA,
        "world": discovery.address(batch.spec),
        "version": batch.spec.version,
        "config": settings.told(batch.config),
        "seed": int(seed),
        "roles": dict(batch.num_agents),
        "events": [e.name for e in batch.spec.events],
        "columns": kept,
        "level": level,
        "libraries": {"python": platform.python_version(), **{name: metadata.version(name) for name in ("avatarium", "numpy", "numba")}},
        **told,
    }


def opening(batch: Batch, i: int) -> bytes:
    """What environment ``i`` of a batch that was just reset begins with: the level, then the first frame."""
    return b"".join(attrgetter(field)(batch.state)[i].tobytes() for field in (*batch.spec.level_fields, *batch.spec.frame_fields))


def _kind(array: np.ndarray) -> list[Any]:
    return [describe_dtype(array.dtype), list(array.shape[1:])]


class Recorder:
    """Records every environment of a batch from its reset to the end of its episode; call ``step`` after each ``batch.step``.

    The batch must not restart episodes by itself (``autoreset=False``). Each file is whole up to its last chunk at any time. Files are
    called ``WORLD-SEED.avt``, or, where ``names`` are given, one for each environment, by these. Read-outs lie in blocks of their own,
    which the digest does not cover, since an opinion is nothing that happened, and which readers that know nothing of them skip.
    """

    def __init__(
        self,
        folder: Path,
        batch: Batch,
        seeds: Sequence[int],
        policies: Mapping[str, str] | None = None,
        extra: Extra = None,
        minds: Mapping[str, str] = NOTHING,
        readouts: Mapping[str, Sequence[str]] = NOTHING,
        names: Sequence[str] = (),
    ) -> None:
        """By role: what ``policies`` are called, where ``minds`` can be loaded from again (``agents.load``), what they tell in a step."""
        if batch.autoreset:
            raise UserError("only a batch with autoreset=False can be recorded: a transcript holds one episode")
        self._batch, self._filled = batch, 0
        sources = {name: _source(batch, name) for name in columns(batch)}
        sizes = [blocks.size(*column) for column in columns(batch).values()]
        self._sources = [(array, np.zeros((CHUNK, batch.num_envs, k), np.uint8)) for array, k in zip(sources.values(), sizes, strict=True)]
        self._told = {
            (role, name): np.full((CHUNK, batch.num_envs, batch.num_agents[role]), np.nan, np.float32)
            for role, told in readouts.items()
            for name in told
        }
        listed = {role: list(told) for role, told in readouts.items() if told}
        self._events: list[list[bytes]] = [[] for _ in range(batch.num_envs)]
        self._noted = np.zeros(batch.events.records.shape[1], EVENT)
        self._step = 0
        self.paths: list[Path] = []
        self._files: list[BinaryIO | None] = []
        self._digests = [hashlib.sha256() for _ in range(batch.num_envs)]
        folder.mkdir(parents=True, exist_ok=True)
        for i, (seed, name) in enumerate(zip(seeds, names or [f"{batch.spec.name}-{int(seed)}" for seed in seeds], strict=True)):
            more = extra(int(seed)) if callable(extra) else extra or {}
            about = {"policies": dict(policies or {}), "minds": dict(minds), "readouts": listed, "extra": dict(more)}
            self._open(folder / f"{name}.avt", i, header(batch, seed, about))

    def _open(self, path: Path, i: int, head: dict[str, Any]) -> None:
        file = path.open("wb")
        file.write(blocks.MAGIC)
        blocks.write(file, blocks.HEAD, json.dumps(head).encode())
        begun = opening(self._batch, i)
        blocks.write(file, blocks.LEVEL, begun)
        self._digests[i].update(begun)
        self.paths.append(path)
        self._files.append(file)

    def step(self, told: Mapping[str, Mapping[str, np.ndarray]] = NOTHING) -> None:
        """Note the step that the batch has just made, and what policies ``told`` of it: by role and name, float32 [N, A]."""
        batch, k = self._batch, self._filled
        for array, kept in self._sources:
            kept[k] = np.ascontiguousarray(array).view(np.uint8).reshape(batch.num_envs, -1)  # bytes: padding counts too
        for (role, name), values in self._told.items():
            values[k] = told[role][name] if name in told.get(role, NOTHING) else np.nan
        if batch.events.count.any():
            for i in np.flatnonzero(batch.events.count).tolist():
                if self._files[i] is not None:
                    self._events[i].append(self._happened(i))
        self._filled += 1
        self._step += 1
        ended = np.flatnonzero(batch.ended).tolist() if batch.ended.any() else []
        if self._filled == CHUNK or len(ended) == batch.num_envs:
            self._flush()
        for i in ended:
            self._flush_one(i)
            self._close(i)

    def _happened(self, i: int) -> bytes:
        records = self._batch.events.records[i, : self._batch.events.count[i]]
        noted = self._noted[: len(records)]
        noted["step"] = self._step
        for name in ("kind", "who", "whom", "value"):
            noted[name] = records[name]
        return noted.tobytes()

    def _flush(self) -> None:
        for i in range(self._batch.num_envs):
            self._flush_one(i)
        self._filled = 0

    def _flush_one(self, i: int) -> None:
        file, steps = self._files[i], self._filled
        if file is None or steps == 0:
            return
        parts = [np.ascontiguousarray(kept[:steps, i]) for _, kept in self._sources]
        happened = b"".join(self._events[i])
        for part in parts:
            self._digests[i].update(part.data)
        self._digests[i].update(happened)
        blocks.write(file, blocks.STEPS, np.array([steps], "<u4").tobytes() + b"".join(map(blocks.fold, parts)) + happened)
        if self._told:
            first = np.array([self._step - steps, steps], "<u4").tobytes()
            opinions = [np.ascontiguousarray(values[:steps, i]).view(np.uint8) for values in self._told.values()]
            blocks.write(file, blocks.TOLD, first + b"".join(map(blocks.fold, opinions)))
        self._events[i] = []

    def _close(self, i: int) -> None:
        file = self._files[i]
        if file is not None:
            blocks.write(file, blocks.TAIL, json.dumps({"steps": self._step, "digest": self._digests[i].hexdigest()}).encode())
            file.close()
            self._files[i] = None

    def close(self) -> None:
        """Write what is left, also of episodes that have not ended, and close all files."""
        self._flush()
        for i in range(self._batch.num_envs):
            self._close(i)

    def abandon(self) -> None:
        """Let go of all files where they cannot be written any more; what is whole in them stays readable."""
        for file in self._files:
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()
        self._files = [None] * len(self._files)


def _source(batch: Batch, column: str) -> np.ndarray:
    """The batch's own array of a column, which every step fills again."""
    group, _, name = column.partition(".")
    found: np.ndarray = (
        {"actions": batch.actions, "rewards": batch.rewards}[group][name] if group != "frames" else attrgetter(name)(batch.state)
    )
    return found
