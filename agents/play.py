"""Episodes from beginning to end: policies in their seats, a transcript of each."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.policy import LooksBack, Memory, Policy, Tells, Turn, keys
from avatarium.worlds import Batch, UserError, make_batch
from avatarium.worlds.core.recorder import Extra, Recorder

AT_ONCE = 64
"""Episodes that are played side by side; the results do not depend on it."""


def play(
    world: str,
    seats: Mapping[str, Policy],
    seeds: Sequence[int],
    folder: Path,
    config: Mapping[str, Any] | None = None,
    extra: Extra = None,
    progress: Callable[[int], None] = lambda steps: None,
) -> list[Path]:
    """Play one episode per seed with one policy per role; returns the transcripts (``.avt``) in the order of the seeds.

    ``extra`` goes into each transcript's header, the same or by seed; ``progress`` is called with the number of environment steps made
    since the last call.
    """
    paths: list[Path] = []
    for first in range(0, len(seeds), AT_ONCE):
        some = list(seeds[first : first + AT_ONCE])
        batch = make_batch(world, num_envs=len(some), autoreset=False, **(config or {}))
        missing = set(batch.roles) - set(seats)
        if missing:
            raise UserError(f"no policy was given for role {', '.join(sorted(missing))}")
        batch.reset(some)
        recorder = recorder_for(folder, batch, some, seats, extra)
        try:
            _play_through(batch, seats, some, recorder, progress)
        finally:
            recorder.close()
            batch.close()
        paths += recorder.paths
    return paths


def _play_through(
    batch: Batch, seats: Mapping[str, Policy], seeds: Sequence[int], recorder: Recorder, progress: Callable[[int], None]
) -> None:
    seated = [Seat(batch, role, seats[role], seeds) for role in batch.roles]
    while not batch.episodes.over.all():
        batch.step({seat.role: seat.act() for seat in seated})
        recorder.step({seat.role: seat.readouts() for seat in seated})
        progress(batch.num_envs)


def recorder_for(
    folder: Path,
    batch: Batch,
    seeds: Sequence[int],
    seats: Mapping[str, Policy],
    extra: Extra = None,
    names: Sequence[str] = (),
) -> Recorder:
    """A recorder of a batch that was just reset, whose transcripts say who plays, and hold what they tell (see ``Seat.readouts``)."""
    called = {role: policy.name for role, policy in seats.items()}
    minds = {role: policy.address for role, policy in seats.items() if hasattr(policy, "address")}
    readouts = {role: policy.tells for role, policy in seats.items() if isinstance(policy, Tells)}
    return Recorder(folder, batch, seeds, called, extra, minds, readouts, names)


class Seat:
    """A policy at work for all avatars of one role of a batch."""

    def __init__(self, batch: Batch, role: str, policy: Policy, seeds: Sequence[int]) -> None:
        self.role, self.policy, self._batch = role, policy, batch
        count = batch.num_agents[role]
        self._envs = np.repeat(np.arange(batch.num_envs), count)
        self._avatars = np.tile(np.arange(count), batch.num_envs)
        self.reseed(seeds)
        self.memory: Memory = policy.initial_state(len(self._envs))
        """What the policy remembers; a series of games may put in what it brings along."""
        self._shape = (batch.num_envs, count, batch.roles[role].action_size)
        self._teller = policy if isinstance(policy, Tells) else None
        self._looking_back = policy if isinstance(policy, LooksBack) else None
        self._told: dict[str, np.ndarray] = {}
        self._last: tuple[Turn, np.ndarray] | None = None

    def reseed(self, seeds: Sequence[int]) -> None:
        """Draw from other keys from now on: those that follow from one seed for each environment."""
        self._seeds = np.array([s & (2**64 - 1) for s in seeds], np.uint64)[self._envs]

    def turn(self) -> Turn:
        """What is laid before the policy now. Observations are those of the last step or reset."""
        observation, allowed = self._batch.observations[self.role].reshape(len(self._envs), -1), None
        if self._batch.roles[self.role].masked:
            allowed = self._batch.allowed[self.role].reshape(len(self._envs), -1)
        drawn = keys(self._seeds, self._batch.clock[self._envs].astype(np.int64), self._avatars)
        return Turn(observation, drawn, self._batch, self.role, self._envs, self._avatars, allowed)

    def act(self) -> np.ndarray:
        """Actions [N, A, heads] for the present observations; the policy's memory goes on."""
        turn = self.turn()
        if self._looking_back:  # what the turn shows is the batch's own, and soon that of the next step
            turn = turn._replace(observation=turn.observation.copy())
        actions, self.memory = self.policy.step(turn, self.memory)
        if self._teller:
            self._told, self._here = dict(self._teller.told), self._batch.present[self.role].copy()
        self._last = (turn, actions)
        return actions.reshape(self._shape)

    def readouts(self) -> dict[str, np.ndarray]:
        """What the policy told of the step that the batch has just made: float32 [N, A] by name, NaN for those who were absent."""
        told = dict(self._told)
        if self._looking_back and self._last:
            told |= self._looking_back.look_back(*self._last, self.turn())
        return {name: np.where(self._here, values.reshape(self._shape[:2]), np.float32(np.nan)) for name, values in told.items()}
