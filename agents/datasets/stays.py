"""Transcripts as what each avatar lived through: episodes are played again, and cut into the stays of their avatars."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.recordings import transcripts
from avatarium.worlds.core.batch import Batch, Step
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import EVENT
from avatarium.worlds.core.spec import Role, avatar_numbers
from avatarium.worlds.core.transcript import Transcript, relive

HEADER = {"seed": int, "config": dict, "policies": dict, "extra": dict, "version": int, "world": str}
"""What has to be in a header, and of which type."""
HUMAN = "human"
"""Whose policy a person has."""


@dataclass(frozen=True)
class Stay:
    """What one avatar lived through without a break, T steps; row t is what it saw, did, and got for it."""

    agent: str
    role: Role
    count: int
    """How many stays of this avatar came before."""
    human: bool
    policy: str
    """Who moved it: the name of a policy, or ``HUMAN``."""
    first: int
    """The step of the episode that row 0 is."""
    observations: np.ndarray  # float32 [T + 1, D]: the last one is what it saw at the end
    allowed: np.ndarray  # bool [T + 1, C]: choices that were open; C is 0 for roles without masks
    actions: np.ndarray  # int32 [T, heads] or float32 [T, controls]
    rewards: np.ndarray  # float32 [T]
    terms: np.ndarray  # float32 [T, K]: by term
    terminations: np.ndarray  # bool [T]
    truncations: np.ndarray  # bool [T]: neither is set at the end where the recording ends before the episode does
    events: np.ndarray  # EVENT [E]: what it did or what was done to it, in order; steps count from the episode's beginning
    pose: np.ndarray | None = None  # float32 [T + 1, 3]: x, y (m), heading (rad) when it saw what it saw; None in worlds without bodies
    private: frozenset[str] = frozenset()
    """What the person who moved it does not allow: modalities, of which nobody gets to see anything (see ``agents.consent``)."""

    def __len__(self) -> int:
        return len(self.rewards)

    @property
    def due(self) -> np.ndarray | None:
        """bool [T + 1]: whether what it decided counted; None for roles whose decisions always do."""
        return np.asarray((self.observations[:, self.role.slices()[self.role.due]] > 0.5).all(axis=1)) if self.role.due else None


@dataclass(frozen=True)
class Episode:
    """A transcript that came out as it was recorded, and the stays of its avatars."""

    told: Transcript
    stays: tuple[Stay, ...]
    published: Mapping[str, str | None] = field(default_factory=dict)
    """What stands in public tables in place of what tells who and when (see ``tables.PUBLIC``)."""

    @property
    def key(self) -> str:
        """Under which it is found in a data set."""
        return self.published.get("episode") or self.told.digest

    @property
    def seed(self) -> int:
        """What the world was seeded with, as an unsigned number of 64 bits."""
        return int(self.told.header["seed"]) & (2**64 - 1)

    @property
    def split(self) -> str:
        """Which levels it was played on; empty where the world has no splits."""
        return str(self.told.header["config"].get("split", ""))

    @property
    def config(self) -> str:
        """All settings, as JSON."""
        return json.dumps(self.told.header["config"], sort_keys=True)

    @property
    def consent(self) -> str:
        """The words in which a person agreed to the recording; empty where nobody did."""
        human = self.told.header["extra"].get("human")
        return str(human.get("consent", "")) if isinstance(human, dict) else ""

    @property
    def kinds(self) -> list[str]:
        """Names of the kinds of event, by their number."""
        return [event.name for event in self.told.spec.events]

    def called(self, avatar: int) -> str | None:
        """Whom the number of an avatar in an event means; nobody by -1."""
        if avatar < 0:
            return None
        numbers = avatar_numbers(self.told.roles.values())
        return next((f"{role}_{avatar - some.start}" for role, some in numbers.items() if avatar in some), f"avatar_{avatar}")


def opened(path: Path, cut: bool) -> Transcript:
    """A transcript that can be played again. Raises UserError for other files, and, without ``cut``, for those that were cut."""
    told = Transcript.open(path)
    for name, kind in HEADER.items():
        if not isinstance(told.header.get(name), kind):
            raise UserError(f"{path} is damaged: there is no {name} in its header")
    if not told.complete and not cut:
        raise UserError(f"{path} was cut after step {told.steps}: --cut takes it as far as it goes")
    if told.complete and told.tail is not None and told.tail.get("digest") != told.digest:
        raise UserError(f"{path} is damaged: the digest at its end is not that of its contents")
    return told


def episode(
    told: Transcript, wanted: Callable[[str, bool], bool], private: Callable[[str], frozenset[str]] = lambda agent: frozenset()
) -> Episode:
    """The stays of those for whom ``wanted`` (role, whether a person moved it) holds; ``private`` gives what of each may not be shown.

    Raises UserError, with the step, when the world does not do what the transcript tells.
    """
    hand, seats = told.by_hand, []
    for role in told.roles.values():
        for a, number in enumerate(avatar_numbers(told.roles.values())[role.name]):
            if wanted(role.name, f"{role.name}_{a}" == hand):
                seats.append(_Seat(told, role, a, number, f"{role.name}_{a}" == hand))
    for t, (batch, step) in enumerate(relive(told)):
        for seat in seats:
            seat.note(batch, step, t)
    return Episode(told, tuple(replace(stay, private=private(stay.agent)) for seat in seats for stay in seat.stays()))


class _Seat:
    """Follows one avatar through an episode."""

    def __init__(self, told: Transcript, role: Role, avatar: int, number: int, human: bool) -> None:
        self._told, self._role, self._avatar, self._human = told, role, avatar, human
        size = told.steps + 1
        self._seen = np.zeros((size, role.observation_size), np.float32)
        self._allowed = np.zeros((size, role.mask_size), np.bool_)
        self._terms = np.zeros((size, len(role.terms)), np.float32)
        self._here, self._died, self._late = np.zeros((3, size), np.bool_)
        mine = (told.events["who"] == number) | (told.events["whom"] == number)
        self._events = told.events[mine]
        found = transcripts.bodies(told)
        self._pose = None if found is None else np.stack([found[name][:, number] for name in ("x", "y", "heading")], axis=1)

    def note(self, batch: Batch, step: Step | None, t: int) -> None:
        """Take down what there is after step ``t - 1``, or, without a ``step``, after the reset."""
        name, a = self._role.name, self._avatar
        self._seen[t], self._allowed[t] = batch.observations[name][0, a], batch.allowed[name][0, a]
        self._here[t] = batch.present[name][0, a]
        if step is not None:
            self._terms[t - 1] = batch.reward_terms[name][0, a]
            self._died[t - 1], self._late[t - 1] = step.termination[name][0, a], step.truncation[name][0, a]

    def stays(self) -> Iterator[Stay]:
        """The stays, one after the other."""
        begin, count, steps = None, 0, self._told.steps
        for t in range(steps):
            if begin is None and self._here[t]:
                begin = t
            if begin is not None and (self._died[t] or self._late[t] or not self._here[t + 1] or t + 1 == steps):
                yield self._stay(begin, t + 1, count)
                begin, count = None, count + 1

    def _stay(self, begin: int, end: int, count: int) -> Stay:
        name, a, told = self._role.name, self._avatar, self._told
        gone = ~self._here[begin + 1 : end + 1] & ~self._late[begin:end]
        happened = (self._events["step"] >= begin) & (self._events["step"] < end)
        policy: Any = HUMAN if self._human else told.header["policies"].get(name, "")
        return Stay(
            agent=f"{name}_{a}",
            role=self._role,
            count=count,
            human=self._human,
            policy=str(policy),
            first=begin,
            observations=self._seen[begin : end + 1],
            allowed=self._allowed[begin : end + 1],
            actions=told.data[f"actions.{name}"][begin:end, a],
            rewards=told.data[f"rewards.{name}"][begin:end, a],
            terms=self._terms[begin:end],
            terminations=self._died[begin:end] | gone,
            truncations=self._late[begin:end],
            events=np.asarray(self._events[happened], EVENT),
            pose=None if self._pose is None else self._pose[begin : end + 1],
        )
