"""Reads transcripts, and re-simulates them: what the file says happened is what the world does."""

import hashlib
import json
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import blocks, discovery, settings
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import EVENT, SCHEMA, opening
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.spec import Role, WorldSpec


class Transcript:
    """One episode as it was recorded. ``steps`` T; A avatars of a role; frame 0 is the state after the reset, frame t that after step t."""

    def __init__(self, path: Path, header: dict[str, Any], level: bytes, chunks: list[bytes], tail: dict[str, Any] | None) -> None:
        self.path, self.header, self.tail = path, header, tail
        self._columns = {name: (np.dtype(kind), tuple(shape)) for name, (kind, shape) in header["columns"].items()}
        self._level = {name: (np.dtype(kind), tuple(shape)) for name, (kind, shape) in header["level"].items()}
        self.opening = level
        """Level and first frame, as ``recorder.opening`` gives them."""
        self._parts: dict[str, list[np.ndarray]] = {name: [] for name in self._columns}
        self._happened: list[np.ndarray] = []
        for chunk in chunks:
            self._take(chunk)
        self.steps = sum(len(part) for part in next(iter(self._parts.values())))
        self.data = {name: blocks.join(parts, *self._columns[name]) for name, parts in self._parts.items()}
        self.events = blocks.join(self._happened, EVENT, ())
        """EVENT [E]: everything that happened, in order."""

    @classmethod
    def open(cls, path: Path | str) -> "Transcript":
        """Read a transcript up to its last whole chunk. Raises UserError when it is not one, or holds nothing that can be read."""
        path = Path(path)
        found: dict[bytes, list[bytes]] = {}
        for tag, content in blocks.read(path):
            found.setdefault(tag, []).append(content)
        if blocks.HEAD not in found or blocks.LEVEL not in found:
            raise UserError(f"{path} is damaged: its beginning cannot be read, so nothing of it can be shown")
        try:
            header = json.loads(found[blocks.HEAD][0])
            tail = json.loads(found[blocks.TAIL][0]) if blocks.TAIL in found else None
            if header["schema"] != SCHEMA:
                raise UserError(
                    f"{path} has schema {header['schema']}, this version reads {SCHEMA}: use the one that recorded it, or a newer one"
                )
            return cls(path, header, found[blocks.LEVEL][0], found.get(blocks.STEPS, []), tail)
        except (KeyError, ValueError, TypeError) as fault:
            if isinstance(fault, UserError):
                raise
            raise UserError(f"{path} is damaged: its contents do not fit its header ({fault})") from fault

    def _take(self, chunk: bytes) -> None:
        steps, at = int(np.frombuffer(chunk[:4], "<u4")[0]), 4
        for name, (dtype, shape) in self._columns.items():
            size = blocks.size(dtype, (steps, *shape))
            self._parts[name].append(blocks.unfold(chunk[at : at + size], dtype, (steps, *shape)))
            at += size
        self._happened.append(np.frombuffer(chunk[at:], EVENT))

    @property
    def complete(self) -> bool:
        """Whether the file was closed properly, so that nothing is missing at its end."""
        return self.tail is not None and self.tail["steps"] == self.steps

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over level, first frame, and every chunk's columns and events: equal exactly when the episodes are."""
        digest = hashlib.sha256(self.opening)
        for k in range(len(self._happened)):
            for parts in self._parts.values():
                digest.update(parts[k].tobytes())
            digest.update(self._happened[k].tobytes())
        return digest.hexdigest()

    @cached_property
    def spec(self) -> WorldSpec:
        """The world. Raises UserError when it is not installed or was recorded with another version."""
        found = discovery.spec(self.header["world"])
        if found.version != self.header["version"]:
            raise UserError(
                f"{self.path} was recorded with version {self.header['version']} of {found.name}; this is version {found.version}"
            )
        return found

    @cached_property
    def config(self) -> Any:
        """The config it was recorded with."""
        return settings.build(self.spec.config, self.header["config"])

    @cached_property
    def roles(self) -> dict[str, Role]:
        """The roles by name."""
        return {role.name: role for role in self.spec.roles(self.config)}

    @property
    def rewards(self) -> dict[str, np.ndarray]:
        """float32 [T, A] by role."""
        return {name: self.data[f"rewards.{name}"] for name in self.header["roles"]}

    def actions(self, t: int) -> dict[str, np.ndarray]:
        """What the avatars did in step ``t``: [A, heads] by role."""
        return {name: self.data[f"actions.{name}"][t] for name in self.header["roles"]}

    @cached_property
    def _blank(self) -> Any:
        """A state of one environment with the level filled in."""
        state, at = self.spec.allocate(1, self.config), 0
        for field, (dtype, shape) in self._level.items():
            size = blocks.size(dtype, shape)
            attrgetter(field)(state)[0] = np.frombuffer(self.opening[at : at + size], dtype).reshape(shape)
            at += size
        return state

    def frame(self, field: str) -> np.ndarray:
        """A state field over time: [T + 1, ...], frame 0 being the beginning."""
        dtype, shape = self._columns[f"frames.{field}"]
        at = sum(blocks.size(*column) for column in self._level.values())
        for name in self.spec.frame_fields:
            size = blocks.size(*self._columns[f"frames.{name}"])
            if name == field:
                first = np.frombuffer(self.opening[at : at + size], dtype).reshape((1, *shape))
                return blocks.join([first, self.data[f"frames.{field}"]], dtype, shape)
            at += size
        raise UserError(f"{self.path} holds no field {field!r}")

    @cached_property
    def _frames(self) -> dict[str, np.ndarray]:
        return {field: self.frame(field) for field in self.spec.frame_fields}

    def state(self, t: int) -> Any:
        """The world's State of one environment at frame ``t`` (0 to ``steps``); the same arrays are filled again by the next call."""
        for field, frames in self._frames.items():
            attrgetter(field)(self._blank)[0] = frames[t]
        return self._blank

    def scene(self, t: int) -> Scene:
        """What there was to see at frame ``t``."""
        found: Scene = self.spec.scene(self.state(t), self.config, 0)
        return found


class Verdict(NamedTuple):
    """Whether a transcript is what its world does, and a sentence about it."""

    ok: bool
    message: str
    steps: int


def verify(path: Path | str) -> Verdict:
    """Re-simulate a transcript from its seed and its actions, and compare every byte of every step."""
    told = Transcript.open(path)
    batch = Batch(told.spec, 1, autoreset=False, **told.header["config"])
    batch.reset([told.header["seed"]])
    if opening(batch, 0) != told.opening:
        return Verdict(False, f"{path}: the world begins differently from what the transcript says", 0)
    for t in range(told.steps):
        batch.step({name: told.data[f"actions.{name}"][t][None] for name in batch.roles})
        wrong = _difference(told, batch, t)
        if wrong:
            return Verdict(False, f"{path}: at step {t} the world gives other {wrong} than the transcript says", t)
    if told.tail is not None and told.tail["digest"] != told.digest:
        return Verdict(False, f"{path}: the digest at its end is not that of its contents", told.steps)
    ending = "" if told.complete else "; the file was cut, later steps are missing"
    return Verdict(
        True,
        f"{path}: all {told.steps} steps are what {told.spec.name} version {told.spec.version} does, digest {told.digest[:16]}{ending}",
        told.steps,
    )


def _difference(told: Transcript, batch: Batch, t: int) -> str:
    """What the batch's last step does differently from step ``t`` of the transcript; nothing when they agree."""
    for field in told.spec.frame_fields:
        if attrgetter(field)(batch.state)[0].tobytes() != told.data[f"frames.{field}"][t].tobytes():
            return f"states ({field})"
    for name in batch.roles:
        if batch.rewards[name][0].tobytes() != told.data[f"rewards.{name}"][t].tobytes():
            return f"rewards ({name})"
    happened, noted = batch.events.records[0, : batch.events.count[0]], told.events[told.events["step"] == t]
    same = len(happened) == len(noted) and all((happened[f] == noted[f]).all() for f in ("kind", "who", "whom", "value"))
    return "" if same else "events"
