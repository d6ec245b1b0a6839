"""What a viewer plays: a recorded episode, or one that is being lived; both answer the same questions."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from avatarium.render.picture import Sight
from avatarium.worlds.core import rays
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.recorder import EVENT
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.spec import Role
from avatarium.worlds.core.transcript import Transcript

STEP_S = 0.1
"""Seconds of a world's step."""


@dataclass(frozen=True)
class Reading:
    """One avatar at one moment, from its own side."""

    features: dict[str, np.ndarray]
    """What it senses: the slices of its observation, by name."""
    terms: dict[str, float]
    """Reward so far, by term."""
    course: np.ndarray
    """float32 [t + 1]: reward so far, over time."""
    action: str
    """What it has just done, in the words of its heads."""

    def sight(self, heading_rad: float) -> Sight | None:
        """Its fan of rays on the plan; None for an avatar that has no rays."""
        if "nearness" not in self.features:
            return None
        near = self.features["nearness"]
        angles = heading_rad + np.linspace(-0.5, 0.5, len(near)) * float(rays.FAN_RAD)
        kinds = np.stack([self.features[name] for name in ("is_wall", "is_avatar", "is_object")])
        met = tuple(("wall", "avatar", "object")[int(kinds[:, k].argmax())] if kinds[:, k].any() else "nothing" for k in range(len(near)))
        return Sight(angles, (1 - near) * float(rays.RANGE_M), met)


class FrameSource(Protocol):
    """A sequence of scenes with what happened in between. ``last`` is the index of the newest frame; frame 0 is the beginning."""

    title: str
    subtitle: str
    kinds: tuple[str, ...]
    """Names of the kinds of event."""
    agents: tuple[str, ...]
    """Names of the agents; an event's ``who`` counts along them."""

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


def agents(roles: Mapping[str, int]) -> tuple[str, ...]:
    """Names of all agents, role by role, from the number of each role."""
    return tuple(f"{role}_{a}" for role, count in roles.items() for a in range(count))


class Diary:
    """Observations, rewards by term and actions of every agent, frame by frame."""

    def __init__(self, roles: dict[str, Role]) -> None:
        self._roles = roles
        self._observation: dict[str, list[np.ndarray]] = {name: [] for name in roles}
        self._terms: dict[str, list[np.ndarray]] = {name: [] for name in roles}
        self._actions: dict[str, list[np.ndarray]] = {name: [] for name in roles}
        self._seats = {f"{name}_{a}": (name, a) for name, role in roles.items() for a in range(role.count)}

    def note(self, batch: Batch, actions: dict[str, np.ndarray] | None) -> None:
        """Add a frame: what environment 0 of ``batch`` shows after its reset (no ``actions``) or its last step."""
        for name, role in self._roles.items():
            before = self._terms[name][-1] if self._terms[name] else np.zeros((role.count, len(role.terms)), np.float32)
            self._observation[name].append(batch.observations[name][0].copy())
            self._terms[name].append(before if actions is None else before + batch.reward_terms[name][0])
            self._actions[name].append(np.zeros(0) if actions is None else actions[name][0].copy())

    def reading(self, t: int, agent: str) -> Reading | None:
        """The agent at frame ``t``; None when it is not known, or frame ``t`` has not been noted."""
        if agent not in self._seats or t >= len(self._observation[self._seats[agent][0]]):
            return None
        name, a = self._seats[agent]
        role = self._roles[name]
        seen = self._observation[name][t][a]
        sums = self._terms[name][t][a].tolist()
        course = np.array([terms[a].sum() for terms in self._terms[name][: t + 1]], np.float32)
        did = self._actions[name][t]
        action = "" if not len(did) else spoken(role, did[a])
        return Reading({f: seen[where] for f, where in role.slices().items()}, dict(zip(role.terms, sums, strict=True)), course, action)


def spoken(role: Role, action: np.ndarray) -> str:
    """An action in words; idle heads are left out."""
    if role.continuous:
        return ", ".join(f"{name} {value:+.1f}" for name, value in zip(role.continuous, action.tolist(), strict=True))
    chosen = [(head.name, head.choices[int(k)]) for head, k in zip(role.heads, action.tolist(), strict=True) if int(k) > 0]
    return ", ".join(f"{name} {choice}" for name, choice in chosen) or "stand"


class Replay:
    """A transcript as a source. What avatars sensed is not in the file: it is found by playing the actions again, once asked for."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._diary: Diary | None = None
        head = transcript.header
        self.title = f"{transcript.spec.name.capitalize()} · seed {head['seed']}"
        policies = ", ".join(f"{role}: {Path(str(policy)).stem}" for role, policy in head["policies"].items())
        self.subtitle = policies or ", ".join(f"{count} {role}s" for role, count in head["roles"].items())
        self.kinds = tuple(head["events"])
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

    def reading(self, t: int, name: str) -> Reading | None:
        """The avatar called ``name`` at frame ``t``."""
        if self._diary is None:
            self._diary = self._relive()
        return self._diary.reading(t, name)

    def _relive(self) -> Diary:
        """Play the actions again; stops where the world gives other rewards than the file tells."""
        told = self._transcript
        batch = Batch(told.spec, 1, autoreset=False, **told.header["config"])
        diary = Diary(batch.roles)
        batch.reset([told.header["seed"]])
        diary.note(batch, None)
        for t in range(told.steps):
            actions = {name: rows[None] for name, rows in told.actions(t).items()}
            step = batch.step(actions)
            if any(not np.array_equal(step.reward[name][0], told.rewards[name][t]) for name in batch.roles):
                break
            diary.note(batch, actions)
        batch.close()
        return diary


class Live:
    """A batch of one environment as a source, from its reset on; ``after`` each step it grows by a frame."""

    def __init__(self, batch: Batch, title: str, subtitle: str) -> None:
        self._batch, self.title, self.subtitle = batch, title, subtitle
        self.kinds = tuple(kind.name for kind in batch.spec.events)
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
        for field in ("kind", "who", "whom", "value"):
            noted[field] = records[field]
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
        return np.concatenate(self._events) if self._events else np.zeros(0, EVENT)

    def reading(self, t: int, name: str) -> Reading | None:
        """The avatar called ``name`` at frame ``t``."""
        return self._diary.reading(t, name)
