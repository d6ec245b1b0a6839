"""Writes transcripts while a batch is stepped: one file per environment, one chunk per 64 steps."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from avatarium.worlds.core import blocks, discovery
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import UserError

SCHEMA = 1
CHUNK = 64
EVENT = np.dtype([("step", "u4"), ("kind", "u2"), ("who", "i2"), ("whom", "i2"), ("value", "f4")])
"""An event of a transcript; ``step`` counts from 0, the others as in ``events.EVENT``."""


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


def header(batch: Batch, seed: int, policies: Mapping[str, str], extra: Mapping[str, Any]) -> dict[str, Any]:
    """What a transcript says about itself before its first step."""
    kept = {name: [describe_dtype(dtype), list(shape)] for name, (dtype, shape) in columns(batch).items()}
    level = {field: _kind(attrgetter(field)(batch.state)) for field in batch.spec.level_fields}
    return {
        "schema": SCHEMA,
        "world": discovery.address(batch.spec),
        "version": batch.spec.version,
        "config": asdict(batch.config),
        "seed": int(seed),
        "roles": dict(batch.num_agents),
        "policies": dict(policies),
        "events": [e.name for e in batch.spec.events],
        "columns": kept,
        "level": level,
        "libraries": {"python": platform.python_version(), **{name: metadata.version(name) for name in ("avatarium", "numpy", "numba")}},
        "extra": dict(extra),
    }


def opening(batch: Batch, i: int) -> bytes:
    """What environment ``i`` of a batch that was just reset begins with: the level, then the first frame."""
    return b"".join(attrgetter(field)(batch.state)[i].tobytes() for field in (*batch.spec.level_fields, *batch.spec.frame_fields))


def _kind(array: np.ndarray) -> list[Any]:
    return [describe_dtype(array.dtype), list(array.shape[1:])]


class Recorder:
    """Records every environment of a batch from its reset to the end of its episode; call ``step`` after each ``batch.step``.

    The batch must not restart episodes by itself (``autoreset=False``). Each file is whole up to its last chunk at any time.
    """

    def __init__(
        self,
        folder: Path,
        batch: Batch,
        seeds: Sequence[int],
        policies: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        if batch.autoreset:
            raise UserError("only a batch with autoreset=False can be recorded: a transcript holds one episode")
        self._batch, self._filled = batch, 0
        sizes = {name: blocks.size(*column) for name, column in columns(batch).items()}
        self._chunk = {name: np.zeros((CHUNK, batch.num_envs, size), np.uint8) for name, size in sizes.items()}  # bytes: padding counts too
        self._events: list[list[np.ndarray]] = [[] for _ in range(batch.num_envs)]
        self._step = 0
        self.paths: list[Path] = []
        self._files: list[BinaryIO | None] = []
        self._digests = [hashlib.sha256() for _ in range(batch.num_envs)]
        folder.mkdir(parents=True, exist_ok=True)
        for i, seed in enumerate(seeds):
            self._open(folder, i, header(batch, seed, policies or {}, extra or {}))

    def _open(self, folder: Path, i: int, head: dict[str, Any]) -> None:
        path = folder / f"{self._batch.spec.name}-{head['seed']}.avt"
        file = path.open("wb")
        file.write(blocks.MAGIC)
        blocks.write(file, blocks.HEAD, json.dumps(head).encode())
        begun = opening(self._batch, i)
        blocks.write(file, blocks.LEVEL, begun)
        self._digests[i].update(begun)
        self.paths.append(path)
        self._files.append(file)

    def step(self) -> None:
        """Note the step that the batch has just made."""
        batch, k = self._batch, self._filled
        for name, kept in self._chunk.items():
            group, _, field = name.partition(".")
            source = (
                batch.actions[field]
                if group == "actions"
                else batch.rewards[field]
                if group == "rewards"
                else attrgetter(field)(batch.state)
            )
            kept[k] = np.ascontiguousarray(source).view(np.uint8).reshape(batch.num_envs, -1)
        for i in np.flatnonzero(batch.events.count):
            if self._files[i] is not None:
                self._events[i].append(self._happened(int(i)))
        self._filled += 1
        self._step += 1
        ended = np.flatnonzero(batch.ended)
        if self._filled == CHUNK or len(ended) == batch.num_envs:
            self._flush()
        for k in ended.tolist():
            self._flush_one(k)
            self._close(k)

    def _happened(self, i: int) -> np.ndarray:
        records = self._batch.events.records[i, : self._batch.events.count[i]]
        noted = np.zeros(len(records), EVENT)
        noted["step"] = self._step
        for field in ("kind", "who", "whom", "value"):
            noted[field] = records[field]
        return noted

    def _flush(self) -> None:
        for i in range(self._batch.num_envs):
            self._flush_one(i)
        self._filled = 0

    def _flush_one(self, i: int) -> None:
        file = self._files[i]
        if file is None or self._filled == 0:
            return
        parts = [np.ascontiguousarray(kept[: self._filled, i]) for kept in self._chunk.values()]
        happened = np.concatenate(self._events[i]) if self._events[i] else np.zeros(0, EVENT)
        for part in (*parts, happened):
            self._digests[i].update(part.tobytes())
        blocks.write(file, blocks.STEPS, np.array([self._filled], "<u4").tobytes() + b"".join(map(blocks.fold, parts)) + happened.tobytes())
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
