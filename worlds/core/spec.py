"""What a world declares about itself; spaces, tables, manifests and checks are derived from it."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium.spaces import Box, MultiDiscrete


@dataclass(frozen=True)
class Feature:
    """A named slice of the observation: ``size`` float32 values in [low, high] that belong to one ``sensor``."""

    name: str
    size: int
    low: float
    high: float
    meaning: str
    sensor: str
    shape: tuple[int, int, int] | None = None
    """Channels, height and width of the picture that its values make up; None for a plain row of numbers."""
    hearsay: bool = False
    """Whether it tells of others without a look at their bodies, so that it arrives late as a whole (see ``synclag``)."""


def box(features: tuple[Feature, ...]) -> Box:
    """The space of these features side by side: Box float32, bounded feature by feature."""
    low = np.concatenate([np.full(f.size, f.low, np.float32) for f in features])
    high = np.concatenate([np.full(f.size, f.high, np.float32) for f in features])
    return Box(low, high, dtype=np.float32)


@dataclass(frozen=True)
class Head:
    """A named part of the action: one choice among ``choices``."""

    name: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class EventKind:
    """Something that may happen; its index in ``WorldSpec.events`` is its number. ``value`` says what the float of such an event means."""

    name: str
    meaning: str
    value: str = "1"


@dataclass(frozen=True)
class Role:
    """A kind of avatar: how many there are, what each senses, what it can do, what it is paid for."""

    name: str
    count: int
    features: tuple[Feature, ...]
    heads: tuple[Head, ...]
    terms: tuple[str, ...]
    continuous: tuple[str, ...] = ()
    """Names of continuous controls; when given they take the place of the heads."""
    masked: bool = False
    """Whether the world says in each step which choices of the heads are open (``Batch.allowed``)."""
    due: str = ""
    """Name of the feature that is 1 when what is decided counts, where that is not so in every step."""
    span: tuple[float, float] = (-1.0, 1.0)
    """The lowest and the highest value of every control; what lies beyond counts as the nearer of the two."""

    @property
    def observation_size(self) -> int:
        """Length D of one observation."""
        return sum(f.size for f in self.features)

    @property
    def picture(self) -> Feature | None:
        """The picture at the end of an observation, if there is one (see ``eyes.Pixels``)."""
        return self.features[-1] if self.features and self.features[-1].shape else None

    @property
    def observation_space(self) -> Box:
        """Box float32 [D], bounded feature by feature."""
        return box(self.features)

    @property
    def action_space(self) -> Box | MultiDiscrete:
        """MultiDiscrete over the heads, or Box over the continuous controls, as wide as their span."""
        if self.continuous:
            return Box(*self.span, (len(self.continuous),), np.float32)
        return MultiDiscrete([len(h.choices) for h in self.heads])

    @property
    def action_size(self) -> int:
        """Length of one action: number of heads or of continuous controls."""
        return len(self.continuous) or len(self.heads)

    @property
    def mask_size(self) -> int:
        """Number C of choices of all heads when the role is masked, else 0."""
        return sum(len(h.choices) for h in self.heads) if self.masked else 0

    def mask_slices(self) -> tuple[slice, ...]:
        """Where each head's choices lie in a mask [C]; none when the role is not masked."""
        ends = np.cumsum([len(h.choices) for h in self.heads]).tolist() if self.masked else []
        return tuple(slice(end - len(h.choices), end) for h, end in zip(self.heads, ends, strict=False))

    @property
    def action_dtype(self) -> type:
        """float32 for continuous control, else int32."""
        return np.float32 if self.continuous else np.int32

    def stretched(self, controls: Any) -> Any:
        """Controls (array or tensor) in [-1, 1], the range in which networks of ours think, as they are in the span.

        >>> Role("valve", 1, (), (), (), ("opening",), span=(0.0, 10.0)).stretched(np.array([-1.0, 0.0, 1.0]))
        array([ 0.,  5., 10.])
        """
        low, high = self.span
        return controls if self.span == (-1.0, 1.0) else 0.5 * (low + high) + 0.5 * (high - low) * controls

    def narrowed(self, controls: Any) -> Any:
        """Controls (array or tensor) in the span as they are in [-1, 1]: ``stretched`` undone."""
        low, high = self.span
        return controls if self.span == (-1.0, 1.0) else (controls - 0.5 * (low + high)) / (0.5 * (high - low))

    def slices(self) -> dict[str, slice]:
        """Where each feature lies in the observation."""
        ends = np.cumsum([f.size for f in self.features]).tolist()
        return {f.name: slice(end - f.size, end) for f, end in zip(self.features, ends, strict=True)}

    def table(self) -> str:
        """The observation as Markdown: slice, name, sensor, range, meaning."""
        rows = ["| slice | name | sensor | range | meaning |", "|---|---|---|---|---|"]
        for f, where in zip(self.features, self.slices().values(), strict=True):
            rows.append(f"| {where.start}:{where.stop} | {f.name} | {f.sensor} | [{f.low:g}, {f.high:g}] | {f.meaning} |")
        return "\n".join(rows)

    def signature(self) -> str:
        """SHA-256 over what a policy must fit: names and sizes of features, heads or controls and their span, masks or none."""
        fit: dict[str, Any] = {
            "features": [[f.name, f.size] for f in self.features],
            "heads": [[h.name, list(h.choices)] for h in self.heads],
            "continuous": list(self.continuous),
        }
        if self.masked:
            fit["masked"] = True
        if self.span != (-1.0, 1.0):
            fit["span"] = list(self.span)
        if shapes := [[f.name, list(f.shape)] for f in self.features if f.shape]:
            fit["shapes"] = shapes
        return hashlib.sha256(json.dumps(fit).encode()).hexdigest()


def avatar_numbers(roles: Iterable[Role]) -> dict[str, range]:
    """Which numbers the avatars of each role have in the state of a world and in ``who`` and ``whom`` of its events.

    Role by role, in the order in which a world declares them; whoever else walks about, such as a crowd, comes after the last role.

    >>> guest, walker = (Role(name, 2, (), (), ()) for name in ("guest", "walker"))
    >>> avatar_numbers([guest, walker])
    {'guest': range(0, 2), 'walker': range(2, 4)}
    """
    found, first = {}, 0
    for role in roles:
        found[role.name] = range(first, first + role.count)
        first += role.count
    return found


@dataclass(frozen=True)
class WorldSpec:
    """A world: what it declares and its kernels. Shapes: N environments, A avatars, G state features.

    ``reset(state, episodes, config, out, log, which, start, stop)`` begins episodes where ``which`` [N] is set;
    ``step(state, episodes, config, actions, out, log, start, stop)`` advances those that are not over and returns in how many of them
    somebody's episode ended, by one step, or, where roles are not always ``due`` and ``episodes.by_decision`` is set, to the next decision;
    ``overview(state, episodes, config, out, start, stop)`` fills float32 [N, G], the global state for central critics.
    ``config`` reaches them as a structured array [1] (see ``settings.packed``).
    """

    name: str
    version: int
    summary: str
    config: type
    roles: Callable[[Any], tuple[Role, ...]]
    """(config) -> the roles; avatars are numbered in their order (see ``avatar_numbers``)."""
    events: tuple[EventKind, ...]
    allocate: Callable[[int, Any], Any]
    reset: Callable[..., None]
    step: Callable[..., int]
    overview: Callable[..., None]
    state_features: Callable[[Any], tuple[Feature, ...]]
    scene: Callable[[Any, Any, int], Any]
    """(state, config, environment) -> Scene."""
    level_fields: tuple[str, ...]
    """State fields that stay as they are during an episode."""
    frame_fields: tuple[str, ...]
    """State fields that a transcript keeps for every step."""
    tags: tuple[str, ...] = ()
    sights: Any = None
    """``eyes.Sights``: how the world looks through the eyes of its avatars; None for a world that has no pictures."""
    heuristic: Callable[..., np.ndarray] | None = None
    """(role, observation [B, D], config) -> actions [B, heads]: a scripted policy that sees what a learner sees."""
    oracle: Callable[..., np.ndarray] | None = None
    """(batch, role, envs [B], avatars [B]) -> actions [B, heads]: a bound that reads the state."""
    places: Callable[[Any, Any, str], np.ndarray] | None = None
    """(state, config, role) -> int64 [N, A]: a number for the place of each avatar of the role, within its level: to count visits."""
    look_again: Callable[..., None] | None = None
    """(state, episodes, config, out, late, start, stop): fills observations anew, of others as they are known (see ``synclag``)."""
    metrics: tuple[str, ...] = field(default=("episode_return",))
    """Names of the metrics that tell how well a policy does here, the headline first."""

    def role_names(self) -> tuple[str, ...]:
        """Names of the roles under the default config."""
        return tuple(r.name for r in self.roles(self.config()))
