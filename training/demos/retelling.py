"""Plays recorded episodes again, many at once, to regain what their avatars saw; what does not come out as it was told is found."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.worlds.core.batch import Arrays, Batch
from avatarium.worlds.core.recorder import opening
from avatarium.worlds.core.spec import Role, WorldSpec
from avatarium.worlds.core.transcript import Transcript

AT_ONCE = 64
"""Episodes that are played side by side; the results do not depend on it."""
TRACK = np.dtype([("first", "i8"), ("steps", "i8"), ("episode", "i8"), ("who", "i8"), ("terminated", "?")])
"""What one avatar did without a break: its first row, how many there are, in which episode, which avatar of the role it was, and
whether its episode ended with it; if not, it was cut short by the clock or by the end of the file, and nobody knows what came next."""


@dataclass(frozen=True)
class Told:
    """What is needed of a transcript to play it again. T steps; A avatars of each role."""

    path: Path
    seed: int
    config: dict[str, Any]
    steps: int
    actions: Arrays
    """[T, A, heads] by role."""
    rewards: Arrays
    """float32 [T, A] by role."""
    begun: bytes
    """SHA-256 of level and first frame."""
    avatars: tuple[int, ...]
    """Of the role that is learnt from, those who count."""
    digest: str = ""
    """Of the transcript."""

    @classmethod
    def by(cls, transcript: Transcript, avatars: Sequence[int]) -> "Told":
        """What ``transcript`` tells, without its frames, which take most of the room."""
        head, roles = transcript.header, transcript.header["roles"]
        return cls(
            path=transcript.path,
            seed=head["seed"],
            config=head["config"],
            steps=transcript.steps,
            actions={name: transcript.data[f"actions.{name}"].copy() for name in roles},
            rewards={name: rewards.copy() for name, rewards in transcript.rewards.items()},
            begun=hashlib.sha256(transcript.opening).digest(),
            avatars=tuple(avatars),
            digest=transcript.digest,
        )

    @property
    def decisions(self) -> int:
        """At most how many decisions there are to learn from."""
        return self.steps * len(self.avatars)


@dataclass(frozen=True)
class Columns:
    """Decisions one under the other, M of them, track by track."""

    observations: np.ndarray  # float32 [M, D]
    allowed: np.ndarray  # bool [M, C]: choices that were open; C is 0 for roles without masks
    actions: np.ndarray  # int32 [M, heads] or float32 [M, controls]
    rewards: np.ndarray  # float32 [M]

    @classmethod
    def empty(cls, role: Role, rows: int) -> "Columns":
        """Room for so many decisions of a role."""
        return cls(
            np.empty((rows, role.observation_size), np.float32),
            np.empty((rows, role.mask_size), np.bool_),
            np.empty((rows, role.action_size), role.action_dtype),
            np.empty(rows, np.float32),
        )

    def arrays(self) -> tuple[np.ndarray, ...]:
        """All of them, in their order."""
        return self.observations, self.allowed, self.actions, self.rewards


@dataclass(frozen=True)
class Retold:
    """What came of episodes that were played again: K tracks, and what was wrong with episodes, a sentence for each that was."""

    tracks: np.ndarray  # TRACK [K]
    finals: np.ndarray  # float32 [K, D]: what each track's avatar saw after its last decision
    rows: int
    """How many rows of the columns are in use."""
    wrong: dict[int, str]
    """By episode."""


def retell(spec: WorldSpec, role: Role, told: Sequence[Told], numbers: Sequence[int], into: Columns, at: int) -> Retold:
    """Play episodes of one config again and write the decisions of ``role`` into the columns, from row ``at`` on.

    ``numbers`` [E] are what the episodes are called in the tracks. Episodes that do not come out as they were told leave no rows.
    """
    batch = Batch(spec, len(told), autoreset=False, **told[0].config)
    try:
        again = _Again(batch, role, told, into, at)
        again.play()
    finally:
        batch.close()
    tracks, finals = again.tracks(numbers)
    rows = _close_up(into, tracks, at)
    return Retold(tracks, finals, rows, {numbers[i]: sentence for i, sentence in again.wrong.items()})


class _Again:
    """E episodes being played again: every avatar that counts writes into rows of its own, as many as it may need."""

    def __init__(self, batch: Batch, role: Role, told: Sequence[Told], into: Columns, at: int) -> None:
        self._batch, self._role, self._told, self._into = batch, role.name, told, into
        self._due = role.slices()[role.due] if role.due else slice(0)  # no columns at all, where every step is decided in
        self._steps = np.array([one.steps for one in told])
        self._counts = np.zeros((len(told), batch.num_agents[role.name]), np.bool_)  # [E, A]: who is learnt from
        self._row = np.zeros(self._counts.shape, np.int64)  # [E, A]: where the next decision goes
        for i, one in enumerate(told):
            self._counts[i, list(one.avatars)] = True
            self._row[i, list(one.avatars)] = at + one.steps * np.arange(len(one.avatars))
            at += one.decisions
        self._since = np.full(self._counts.shape, -1)  # [E, A]: the row with which the track began; -1: there is none
        self._tracks: list[tuple[int, int, int, int, bool]] = []
        self._finals: list[np.ndarray] = []
        self.wrong: dict[int, str] = {}

    def play(self) -> None:
        """From the resets to the last step of the longest episode."""
        batch, last = self._batch, int(self._steps.max())
        batch.reset([one.seed for one in self._told])
        for i, one in enumerate(self._told):
            if hashlib.sha256(opening(batch, i)).digest() != one.begun:
                self._refuse(i, "the world begins differently from what it says")
        actions = {name: _side_by_side([one.actions[name] for one in self._told], last) for name in batch.roles}
        rewards = {name: _side_by_side([one.rewards[name] for one in self._told], last) for name in batch.roles}
        for t in range(last):
            going = self._steps > t
            for i in np.flatnonzero(batch.episodes.over & going).tolist():
                self._refuse(i, f"the world ends after {t} of its {self._steps[i]} steps")
            acting = batch.present[self._role] & self._counts & going[:, None]
            self._note(acting, actions[self._role][t], rewards[self._role][t])
            step = batch.step({name: chosen[t] for name, chosen in actions.items()})
            self._compare(t, going, {name: given[t] for name, given in rewards.items()})
            died, cut, gone = step.termination[self._role], step.truncation[self._role], ~batch.present[self._role]
            self._end(acting & (died | cut | gone | (self._steps == t + 1)[:, None]), died | (gone & ~cut))

    def _note(self, acting: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> None:
        """Write down what those who are ``acting`` (bool [E, A]) see, may do and did, and what it brought.

        Between decisions of a role that does not decide in every step, only what the last one brings is added up (``Batch.by_decision``).
        """
        batch, into, name = self._batch, self._into, self._role
        deciding = acting & (batch.observations[name][..., self._due] > 0.5).all(axis=2)
        rows = self._row[deciding]
        into.observations[rows] = batch.observations[name][deciding]
        into.allowed[rows] = batch.allowed[name][deciding]
        into.actions[rows] = actions[deciding]
        into.rewards[rows] = 0.0
        np.copyto(self._since, self._row, where=deciding & (self._since < 0))
        self._row += deciding
        begun = acting & (self._since >= 0)
        into.rewards[self._row[begun] - 1] += rewards[begun]

    def _compare(self, t: int, going: np.ndarray, told: Arrays) -> None:
        """Refuse the episodes in which somebody's reward is not byte for byte what it was."""
        for name, given in told.items():
            unlike = (given.view(np.uint32) != self._batch.rewards[name].view(np.uint32)).any(axis=1) & going
            for i in np.flatnonzero(unlike).tolist():
                self._refuse(i, f"at step {t} the world gives other rewards ({name}) than it says")

    def _refuse(self, i: int, reason: str) -> None:
        self.wrong.setdefault(i, f"{self._told[i].path} cannot be learnt from, {reason}: record it again, or take it away")

    def _end(self, ended: np.ndarray, for_good: np.ndarray) -> None:
        """End the tracks of those who have ``ended``, bool [E, A]; where ``for_good`` is not set, more would have come."""
        for i, a in zip(*np.nonzero(ended & (self._since >= 0)), strict=True):
            first = int(self._since[i, a])
            self._tracks.append((first, int(self._row[i, a]) - first, int(i), int(a), bool(for_good[i, a])))
            self._finals.append(self._batch.observations[self._role][i, a].copy())
        self._since[ended] = -1

    def tracks(self, numbers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """TRACK [K] of the episodes that came out as they were told, in the order of their rows, and final observations [K, D]."""
        found = np.array(self._tracks, TRACK)
        size = self._batch.roles[self._role].observation_size
        finals = np.array(self._finals, np.float32).reshape(len(found), size)
        kept = np.argsort(found["first"], kind="stable")
        kept = kept[~np.isin(found["episode"][kept], list(self.wrong))]
        found = found[kept]
        found["episode"] = np.asarray(numbers)[found["episode"]]
        return found, finals[kept]


def _side_by_side(columns: list[np.ndarray], steps: int) -> np.ndarray:
    """Columns [t, ...] of several episodes as [T, E, ...], zero where an episode is over."""
    found = np.zeros((steps, len(columns), *columns[0].shape[1:]), columns[0].dtype)
    for i, column in enumerate(columns):
        found[: len(column), i] = column
    return found


def _close_up(into: Columns, tracks: np.ndarray, at: int) -> int:
    """Move tracks, in the order of their rows, up to one another from row ``at`` on; returns the row after the last."""
    for track in tracks:
        first, steps = int(track["first"]), int(track["steps"])
        if first != at:
            for column in into.arrays():
                column[at : at + steps] = column[first : first + steps]
        track["first"] = at
        at += steps
    return at


def grouped(told: Sequence[Told]) -> Iterator[list[int]]:
    """Indices of episodes that are played side by side: those of equal config, and of about equal length."""
    configs = [repr(sorted(one.config.items())) for one in told]
    order = sorted(range(len(told)), key=lambda i: (configs[i], told[i].steps))
    some: list[int] = []
    for i in order:
        if some and (configs[i] != configs[some[0]] or len(some) == AT_ONCE):
            yield some
            some = []
        some.append(i)
    if some:
        yield some
