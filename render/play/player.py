"""A person in one seat of a world, policies in the others; what happens is recorded as it happens, if the person agrees."""

import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.render.play import bindings
from avatarium.render.play.company import company
from avatarium.render.play.consent import Consent
from avatarium.render.play.hands import Grip, Hands
from avatarium.render.viewer.source import Live
from avatarium.worlds import Batch, make_batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import Recorder


class Player:
    """One episode with a person as ``<role>_<avatar>``. ``drive`` makes its steps; ``record``, before the first, keeps them in a file.

    ``grip`` tells what the hands do, where keys alone do not: gamepads, short taps. ``note`` is what the player should be told now,
    ``trouble`` why the recording had to end.
    """

    def __init__(
        self,
        world: str,
        seed: int,
        role: str = "",
        avatar: int = 0,
        others: str = "",
        minds: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        grip: Callable[[], Grip] | None = None,
    ) -> None:
        config, self._policies = company(world, others, minds, overrides)
        self._batch, self._seed = make_batch(world, num_envs=1, autoreset=False, **config), seed
        self._role, self._avatar = role or next(iter(self._batch.roles)), avatar
        if self._role not in self._batch.roles:
            raise UserError(f"there is no role {self._role!r} in {world}: its roles are {', '.join(self._batch.roles)}")
        if not 0 <= avatar < self._batch.num_agents[self._role]:
            raise UserError(f"there is no {self._role}_{avatar}: they are numbered from 0 to {self._batch.num_agents[self._role] - 1}")
        self.agent = f"{self._role}_{avatar}"
        self.scheme = bindings.scheme(self._batch.roles[self._role])
        self._hands, self.grip, self._held = Hands(self.scheme), grip, frozenset[str]()
        self._batch.reset([seed])
        self._play = importlib.import_module("avatarium.agents.play")
        self._seats = [self._play.Seat(self._batch, name, self._policies[name], [seed]) for name in self._batch.roles]
        _warm(self._batch, self._seats, self._policies)
        others = ", ".join(dict.fromkeys(policy.name for policy in self._policies.values()))
        self.source = Live(self._batch, f"{self._batch.spec.name.capitalize()} · seed {seed}", f"{self.agent}, with {others}")
        self._recorder: Recorder | None = None
        self.path: Path | None = None
        self.note = self.trouble = ""

    def record(self, folder: Path, consent: Consent) -> None:
        """Keep the episode, from its beginning, in a new transcript in ``folder``. Raises UserError where none can be written."""
        human = {"agent": self.agent, "role": self._role, "consent": consent.line, "device": consent.device}
        human["time"] = datetime.now(UTC).isoformat(timespec="seconds")
        extra = {"human": human, "persons": [{"agent": self.agent, **consent.person}]}
        name = _fresh(folder, f"{self._batch.spec.name}-{self._seed}")
        try:
            self._recorder = self._play.recorder_for(folder, self._batch, [self._seed], self._policies, extra, [name])
        except OSError as fault:
            raise UserError(f"nothing can be recorded in {folder} ({fault.strerror}): give another --out") from fault
        self.path = self._recorder.paths[0]

    def drive(self, held: frozenset[str]) -> bool:
        """Make one step with the keys that are held; returns whether the episode goes on."""
        if self._batch.ended[0]:
            return False
        actions = {seat.role: seat.act() for seat in self._seats}
        actions[self._role][0, self._avatar] = self._hands.action(self._gripped(held), *self._asked())
        self._batch.step(actions)
        if self._recorder is not None:
            self._write(lambda recorder: recorder.step({seat.role: seat.readouts() for seat in self._seats}))
        self.source.after(actions)
        here = self._batch.present[self._role][0, self._avatar]
        self.note = (self._hands.hint if here else f"{self.agent} is not here now") or self.trouble
        return not bool(self._batch.ended[0])

    def choosing(self) -> str:
        """What is open now, where that varies, and where walks through long lists of choices stand, in words; empty where all is plain."""
        allowed, due = self._asked()
        told = [self._hands.opened(allowed) if allowed is not None and due else "", self._hands.cursors()]
        return ", ".join(word for word in told if word)

    def _gripped(self, held: frozenset[str]) -> Grip:
        before, self._held = self._held, held
        return self.grip() if self.grip else Grip(held, tuple(sorted(held - before)))

    def _asked(self) -> tuple[np.ndarray | None, bool]:
        """Which choices are open to the player now, where that varies, and whether what is decided now counts."""
        role = self._batch.roles[self._role]
        allowed = self._batch.allowed[self._role][0, self._avatar] if role.masked else None
        seen = self._batch.observations[self._role][0, self._avatar]
        return allowed, not role.due or bool((seen[role.slices()[role.due]] > 0.5).all())

    def _write(self, write: Callable[[Recorder], None]) -> None:
        """Let the recorder write; where the disk is full the play goes on, and what was written stays as it is."""
        assert self._recorder is not None
        try:
            write(self._recorder)
        except OSError as fault:
            self._recorder.abandon()
            self._recorder = None
            self.trouble = f"recording ended, {self.path} is whole only up to its last 64 steps: {fault.strerror}"

    def close(self) -> None:
        """Finish the transcript, whether or not the episode has ended."""
        if self._recorder is not None:
            self._write(Recorder.close)
        self._batch.close()


def _fresh(folder: Path, name: str) -> str:
    """The name of a transcript that is not there yet: nothing that was played is written over."""
    found, count = name, 1
    while (folder / f"{found}.avt").exists():
        count += 1
        found = f"{name}-{count}"
    return found


def _warm(batch: Batch, seats: list[Any], policies: Mapping[str, Any]) -> None:
    """Have the world's step and the policies compiled before the first step is due, and leave the batch as it was."""
    before = batch.snapshot()
    for seat in seats:
        turn = seat.turn()
        policies[seat.role].step(turn, policies[seat.role].initial_state(len(turn.envs)))
    batch.step({name: np.zeros((1, role.count, role.action_size), role.action_dtype) for name, role in batch.roles.items()})
    batch.restore(before)
