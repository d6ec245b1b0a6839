"""What a viewer plays: a recorded episode, or one that is being lived; both answer the same questions."""

import contextlib
import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from avatarium.render.viewer.diary import Diary
from avatarium.render.viewer.reading import Reading
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.recorder import EVENT
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.transcript import DepartureError, Transcript, relive

__all__ = ["STEP_S", "FrameSource", "Live", "Reading", "Replay", "agents"]

STEP_S = 0.1
"""Seconds of a world's step."""


class FrameSource(Protocol):
    """A sequence of scenes with what happened in between. ``last`` is the index of the newest frame; frame 0 is the beginning."""

    title: str
    subtitle: str
    kinds: tuple[str, ...]
    """Names of the kinds of event."""
    agents: tuple[str, ...]
    """Names of the agents; an event's ``who`` counts along them."""

    tags: tuple[str, ...]
    """What the world is about, such as "navigation"."""

    @property
    def last(self) -> int:
        """Index of the newest frame."""

    @property
    def length(self) -> int:
        """Steps that the whole episode may have."""

    def scene(self, t: int) -> Scene:
        """What there is to see at frame ``t``."""

    def events(self) -> np.ndarray:
        """EVENT [E], in order; an event of step s shows at frame s + 1."""

    def reading(self, t: int, name: str) -> Reading | None:
        """The avatar called ``name`` at frame ``t``; None for one that is not an agent."""

    def plan(self, t: int) -> Any | None:
        """The floor plans (``plan.Plan``) at frame ``t``, this one's being the first; None for a world without."""


def agents(roles: Mapping[str, int]) -> tuple[str, ...]:
    """Names of all agents, role by role, from the number of each role."""
    return tuple(f"{role}_{a}" for role, count in roles.items() for a in range(count))


class Replay:
    """A transcript as a source. What avatars sensed is not in the file: it is found by playing the actions again, once asked for."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._diary: Diary | None = None
        head = transcript.header
        self.title = f"{transcript.spec.name.capitalize()} · seed {head['seed']}"
        policies = ", ".join(f"{role}: {Path(str(policy)).stem}" for role, policy in head["policies"].items())
        self.subtitle = policies or ", ".join(f"{count} {role}s" for role, count in head["roles"].items())
        self.kinds, self.tags = tuple(head["events"]), tuple(transcript.spec.tags)
        self.agents = agents(head["roles"])

    @property
    def last(self) -> int:
        """Index of the newest frame."""
        return self._transcript.steps

    @property
    def length(self) -> int:
        """Steps in the file."""
        return self._transcript.steps

    def scene(self, t: int) -> Scene:
        """What there was to see at frame ``t``."""
        return self._transcript.scene(t)

    def events(self) -> np.ndarray:
        """EVENT [E], in order."""
        return self._transcript.events

    def plan(self, t: int) -> Any | None:
        """The floor plans at frame ``t``."""
        return getattr(self._transcript.state(t), "plan", None)

    def reading(self, t: int, name: str) -> Reading | None:
        """The avatar called ``name`` at frame ``t``."""
        if self._diary is None:
            self._diary = self._relive()
        found = self._diary.reading(t, name)
        return None if found is None else replace(found, readouts=self._readouts(t, name))

    def _readouts(self, t: int, name: str) -> dict[str, np.ndarray]:
        """What the policy of an agent told of itself up to frame ``t``; numbers that stand alone, not vectors."""
        role, _, number = name.rpartition("_")
        told = self._transcript.readouts.get(role, {})
        return {what: rows[: t + 1, int(number)].astype(np.float32) for what, rows in told.items() if rows.ndim == 2}

    def _relive(self) -> Diary:
        """Play the actions again, as far as the world does what the file tells."""
        told, diary = self._transcript, Diary(self._transcript.roles)
        with contextlib.suppress(DepartureError):
            for t, (batch, _) in enumerate(relive(told)):
                diary.note(batch, {name: rows[None] for name, rows in told.actions(t - 1).items()} if t else None)
        return diary


class Live:
    """A batch of one environment as a source, from its reset on; ``after`` each step it grows by a frame."""

    def __init__(self, batch: Batch, title: str, subtitle: str) -> None:
        self._batch, self.title, self.subtitle = batch, title, subtitle
        self.kinds, self.tags = tuple(kind.name for kind in batch.spec.events), tuple(batch.spec.tags)
        self.agents = agents(batch.num_agents)
        self._scenes = [self._draw()]
        self._events: list[np.ndarray] = []
        self._diary = Diary(batch.roles)
        self._diary.note(batch, None)

    def _draw(self) -> Scene:
        """The scene as it is, in arrays of its own: a world may give views of its state."""
        scene: Scene = copy.deepcopy(self._batch.spec.scene(self._batch.state, self._batch.config, 0))
        return scene

    def after(self, actions: dict[str, np.ndarray]) -> None:
        """Take in the step that the batch has just made."""
        self._scenes.append(self._draw())
        self._diary.note(self._batch, actions)
        records = self._batch.events.records[0, : self._batch.events.count[0]]
        noted = np.zeros(len(records), EVENT)
        noted["step"] = len(self._scenes) - 2
        for name in ("kind", "who", "whom", "value"):
            noted[name] = records[name]
        if len(noted):
            self._events.append(noted)

    @property
    def last(self) -> int:
        """Index of the newest frame."""
        return len(self._scenes) - 1

    @property
    def length(self) -> int:
        """Steps that the episode may have, as far as the world says."""
        return max(int(getattr(self._batch.config, "episode_steps", 0)), self.last)

    def scene(self, t: int) -> Scene:
        """What there was to see at frame ``t``."""
        return self._scenes[t]

    def events(self) -> np.ndarray:
        """EVENT [E], in order."""
        if len(self._events) > 1:
            self._events = [np.concatenate(self._events)]
        return self._events[0] if self._events else np.zeros(0, EVENT)

    def reading(self, t: int, name: str) -> Reading | None:
        """The avatar called ``name`` at frame ``t``."""
        return self._diary.reading(t, name)

    def plan(self, t: int) -> Any | None:
        """The floor plans as they are now; doors may have been otherwise at an earlier frame ``t``."""
        return getattr(self._batch.state, "plan", None)
