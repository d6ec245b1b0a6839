"""Reads transcripts, and re-simulates them: what the file says happened is what the world does."""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import blocks, discovery, settings
from avatarium.worlds.core.batch import Batch, Step
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import EVENT, SCHEMA, columns, opening
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.spec import Role, WorldSpec


class Transcript:
    """One episode as it was recorded. ``steps`` T; A avatars of a role; frame 0 is the state after the reset, frame t that after step t."""

    def __init__(self, path: Path, header: dict[str, Any], found: dict[bytes, list[bytes]]) -> None:
        """``found``: the contents of the file's blocks by their tags (see ``blocks``)."""
        self.path, self.header = path, header
        self.tail: dict[str, Any] | None = json.loads(found[blocks.TAIL][0]) if blocks.TAIL in found else None
        self._columns = {name: (np.dtype(kind), tuple(shape)) for name, (kind, shape) in header["columns"].items()}
        self._level = {name: (np.dtype(kind), tuple(shape)) for name, (kind, shape) in header["level"].items()}
        self.opening = found[blocks.LEVEL][0]
        """Level and first frame, as ``recorder.opening`` gives them."""
        chunks = found.get(blocks.STEPS, [])
        self._ends = list(accumulate(self._length(chunk) for chunk in chunks))
        self.steps: int = self._ends[-1] if chunks else 0
        self._rows = {name: np.zeros((self.steps + 1, blocks.size(*column)), np.uint8) for name, column in self._columns.items()}
        self._begin()
        happened = [self._take(chunk, end) for chunk, end in zip(chunks, self._ends, strict=True)]
        self.data = {name: blocks.shaped(rows[1:], *self._columns[name]) for name, rows in self._rows.items()}
        """Every column over time, [T, ...], by its name in the header."""
        self._happened = [np.frombuffer(part, EVENT) for part in happened]
        self.events = np.frombuffer(b"".join(happened), EVENT)
        """EVENT [E]: everything that happened, in order."""
        self._told = found.get(blocks.TOLD, [])

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
            if header["schema"] != SCHEMA:
                raise UserError(
                    f"{path} has schema {header['schema']}, this version reads {SCHEMA}: use the one that recorded it, or a newer one"
                )
            return cls(path, header, found)
        except (KeyError, ValueError, TypeError, AttributeError) as fault:
            if isinstance(fault, UserError):
                raise
            raise UserError(f"{path} is damaged: its contents do not fit its header ({fault})") from fault

    def _length(self, chunk: bytes) -> int:
        """Steps of a chunk. Raises ValueError when it cannot hold as many as it says, before memory is taken for them."""
        steps = int(np.frombuffer(chunk[:4], "<u4")[0])
        each = sum(blocks.size(*column) for column in self._columns.values())
        if not 0 < steps * each <= len(chunk) - 4:
            raise ValueError(f"a chunk of {len(chunk)} bytes says that it holds {steps} steps of {each} bytes")
        return steps

    def _begin(self) -> None:
        """Take the first frame out of the opening, where the level comes before it."""
        at = sum(blocks.size(*column) for column in self._level.values())
        for name, rows in self._rows.items():
            if name.startswith("frames."):
                rows[0] = np.frombuffer(self.opening[at : at + rows.shape[1]], np.uint8)
                at += rows.shape[1]

    def _take(self, chunk: bytes, end: int) -> bytes:
        """Unfold the steps of a chunk that end before step ``end``; returns the bytes of what happened in them."""
        at, steps = 4, self._length(chunk)
        for rows in self._rows.values():
            size = steps * rows.shape[1]
            blocks.unfold(chunk[at : at + size], rows[1 + end - steps : 1 + end])
            at += size
        return chunk[at:]

    @cached_property
    def readouts(self) -> dict[str, dict[str, np.ndarray]]:
        """What policies told of themselves: float32 [T, A] by role and name, NaN where nothing was told; empty when nobody tells anything.

        ``value``: the return that is expected; ``entropy``: nats of the distribution that actions were drawn from; ``intrinsic``: reward
        from within. Raises UserError when the file is damaged there.
        """
        listed: dict[str, list[str]] = self.header.get("readouts", {})
        try:
            counts = [self.header["roles"][role] for role, names in listed.items() for _ in names]
            kept = [np.full((self.steps, count), np.nan, np.float32) for count in counts]
            for chunk in self._told:
                self._hear(chunk, kept)
        except (KeyError, ValueError, TypeError, AttributeError) as fault:
            raise UserError(f"{self.path} is damaged: its read-outs do not fit its header ({fault})") from fault
        values = iter(kept)
        return {role: {name: next(values) for name in names} for role, names in listed.items()}

    def _hear(self, chunk: bytes, kept: list[np.ndarray]) -> None:
        """Put the read-outs of a chunk, which begins with its first step and how many there are, into their places."""
        (first, steps), at = np.frombuffer(chunk[:8], "<u4").tolist(), 8
        if first + steps > self.steps:
            raise ValueError(f"they go on to step {first + steps}, but there are {self.steps}")
        for values in kept:
            rows = np.zeros((steps, 4 * values.shape[1]), np.uint8)
            blocks.unfold(chunk[at : at + rows.size], rows)
            values[first : first + steps] = blocks.shaped(rows, values.dtype, values.shape[1:])
            at += rows.size

    @property
    def complete(self) -> bool:
        """Whether the file was closed properly, so that nothing is missing at its end."""
        return self.tail is not None and self.tail["steps"] == self.steps

    @property
    def by_hand(self) -> str:
        """The agent that a person moved, in a branch as in its original; empty where nobody did."""
        extra = self.header.get("extra", {})
        human = extra.get("human")
        return str(human.get("agent", "")) if isinstance(human, dict) else str(extra.get("by_hand", ""))  # as older ones have it

    @property
    def is_branch(self) -> bool:
        """Whether it is a branch of another recording, and repeats that up to some step."""
        return "branch" in self.header.get("extra", {})

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over level, first frame, and every chunk's columns and events: equal exactly when the episodes are."""
        digest = hashlib.sha256(self.opening)
        for begin, end, happened in zip([0, *self._ends], self._ends, self._happened, strict=False):
            for rows in self._rows.values():
                digest.update(rows[1 + begin : 1 + end].data)
            digest.update(happened.tobytes())
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
        """A state field over time: [T + 1, ...], frame 0 being the beginning. Raises UserError when it was not recorded."""
        name = f"frames.{field}"
        if name not in self._rows:
            raise UserError(f"{self.path} holds no field {field!r}")
        return blocks.shaped(self._rows[name], *self._columns[name])

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


class DepartureError(UserError):
    """The world does something else than a transcript tells; ``step`` is the step in which it does."""

    def __init__(self, sentence: str, step: int) -> None:
        super().__init__(sentence)
        self.step = step


def relive(told: Transcript) -> Iterator[tuple[Batch, Step | None]]:
    """Play a transcript again: the batch of one environment after its reset, then after each step, with what the step brought; T + 1 times.

    This regains what is not in the file, such as what avatars sensed. The arrays are filled again by the next step. Raises
    DepartureError as soon as state, rewards or events are not byte for byte what the transcript tells, and UserError where the world is
    not installed in the version that recorded it, or the file does not fit it.
    """
    batch = Batch(told.spec, 1, autoreset=False, **told.header["config"])
    try:
        if {name: (array.dtype, array.shape[1:]) for name, array in told.data.items()} != columns(batch):
            raise UserError(f"{told.path} is damaged: it holds other columns than {told.spec.name} records")
        batch.reset([told.header["seed"]])
        if opening(batch, 0) != told.opening:
            raise DepartureError(f"{told.path}: the world begins differently from what the transcript says", 0)
        yield batch, None
        for t in range(told.steps):
            if batch.episodes.over[0]:
                raise DepartureError(f"{told.path}: the world ends after {t} of the {told.steps} steps that the transcript holds", t)
            step = batch.step({name: told.data[f"actions.{name}"][t][None] for name in batch.roles})
            if wrong := _difference(told, batch, t):
                raise DepartureError(f"{told.path}: at step {t} the world gives other {wrong} than the transcript says", t)
            yield batch, step
    finally:
        batch.close()


def verify(path: Path | str) -> Verdict:
    """Re-simulate a transcript from its seed and its actions, and compare every byte of every step."""
    told = Transcript.open(path)
    try:
        for _ in relive(told):
            pass
    except DepartureError as departure:
        return Verdict(False, str(departure), departure.step)
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
    first, after = np.searchsorted(told.events["step"], (t, t + 1))
    happened, noted = batch.events.records[0, : batch.events.count[0]], told.events[first:after]
    same = len(happened) == len(noted) and all((happened[f] == noted[f]).all() for f in ("kind", "who", "whom", "value"))
    return "" if same else "events"
