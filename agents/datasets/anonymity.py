"""What makes recordings of persons fit for everybody: no names, no dates, nobody alone in a crowd, no words, coarse places.

Nobody who reads a public data set may find out who somebody in it is, or that two sessions are of the same person. That needs more than
leaving names out. Whoever knows when and with what device somebody played finds the one session that fits; so sessions are published only
where at least k persons have the same device, platform, length, world and month (k-anonymity: Sweeney 2002). And whoever has seen a person
move may know them by that, against which none of this helps much: how far it goes the meter measures (``avatarium.agents.identity``).
"""

import hashlib
import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from avatarium.agents.datasets.stays import Stay
from avatarium.agents.recordings.recording import Recording, resampled
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import WorldSpec

QUASI = ("device", "platform", "length", "world", "month")
"""What may be known of somebody from elsewhere (quasi-identifiers)."""
LENGTHS_MIN = (0, 1, 3, 10, 30, 100)
"""Where classes of length begin."""
HZ = 10.0
"""At which movements from other recorders are published: their own clock would tell the device."""
HEARING, SAY = "hearing", "say"
"""The sensor by which words are heard, and the head or control by which they are said."""


@dataclass(frozen=True)
class Public:
    """What is done to recordings before everybody gets them."""

    k: int = 5
    """Persons who share what may be known of them, at least."""
    withheld: tuple[str, ...] = ()
    """Of ``QUASI``: not published, and so not to be shared; ``length`` and ``world`` cannot be withheld."""
    jitter_days: float = 3.0
    """By how much sessions are shifted at most, each at random, before their time is rounded to the month."""
    words: bool = False
    """Whether what was said and heard is published."""
    coarse_m: float | None = None
    """To which grid places are rounded; then they are all that is published."""

    def __post_init__(self) -> None:
        options = QUASI[:2] + QUASI[4:]
        for word in self.withheld:
            if word not in options:
                raise UserError(f"{word!r} cannot be withheld: {nearest(word, options)}")
        if self.k < 2:
            raise UserError(f"{self.k} is no crowd: at least 2 persons have to be alike, 5 is usual")
        if not 0.0 <= self.jitter_days <= 366.0:
            raise UserError(f"sessions can be shifted by 0 to 366 days, not by {self.jitter_days:g}")
        if self.coarse_m is not None and not 0.01 <= self.coarse_m <= 100.0:
            raise UserError(f"places can be rounded to 0.01 to 100 m, not to {self.coarse_m:g}")

    @property
    def needs(self) -> tuple[str, ...]:
        """The modalities without which nothing is published; others that a person does not allow are left open in their rows."""
        return ("motion", "speech") if self.words and self.coarse_m is None else ("motion",)


@dataclass(frozen=True)
class Sitting:
    """What may be known of one person in one session, as it would be published."""

    subject: str
    """Never published."""
    agent: str
    quasi: Mapping[str, str]


@dataclass
class Unit:
    """A session, which is published as a whole or not at all."""

    sittings: tuple[Sitting, ...]
    content: Any
    pseudonym: str = ""
    subjects: dict[str, str] = field(default_factory=dict)
    """By agent: the pseudonym of the person in this session."""

    @property
    def month(self) -> str | None:
        """About when it was, where that is published."""
        return next((one.quasi["month"] for one in self.sittings if one.quasi.get("month")), None)


def quasi(
    public: Public, rng: random.Random, seconds: float, world: str, began: datetime | None, device: str, platform: str
) -> dict[str, str]:
    """What is published of a session by which somebody might know it, by its name in ``QUASI``; its time is shifted."""
    month = "" if began is None else f"{began + timedelta(days=rng.uniform(-public.jitter_days, public.jitter_days)):%Y-%m}"
    at_least = max(bound for bound in LENGTHS_MIN if bound * 60 <= seconds)
    found = {"device": device, "platform": platform, "length": f"{at_least} min or more", "world": world, "month": month}
    return {name: value for name, value in found.items() if name not in public.withheld}


def moment(ms: int | None) -> datetime | None:
    """A time in milliseconds since 1970; None where there is none that a calendar knows."""
    try:
        return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def settled(spec: WorldSpec, config: Mapping[str, Any]) -> str:
    """A world, its version, and, where they are not the usual ones, a mark of its settings."""
    mark = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:8]
    return f"{spec.name} {spec.version}" + ("" if config == settings.told(spec.config()) else f" {mark}")


def crowded(units: Sequence[Unit], k: int) -> tuple[list[Unit], int]:
    """The units in which everybody shares what may be known of them with at least ``k`` persons, and how many cells were too small.

    Whoever is suppressed makes others' crowds smaller, so it is looked at again until nothing changes. Units without persons stay.
    """
    kept, small = list(units), set[tuple[str, ...]]()
    while True:
        crowds: dict[tuple[str, ...], set[str]] = {}
        for unit in kept:
            for one in unit.sittings:
                crowds.setdefault(tuple(one.quasi.values()), set()).add(one.subject)
        few = {cell for cell, subjects in crowds.items() if len(subjects) < k}
        if not few:
            return kept, len(small)
        small |= few
        kept = [unit for unit in kept if not any(tuple(one.quasi.values()) in few for one in unit.sittings)]


def named(units: Collection[Unit], rng: random.Random) -> list[Unit]:
    """The units in random order, each with words that are drawn for it alone: they follow from nothing, and nothing follows from them."""
    found = list(units)
    rng.shuffle(found)
    for unit in found:
        unit.pseudonym = f"{rng.getrandbits(64):016x}"
        unit.subjects = {one.agent: f"{rng.getrandbits(64):016x}" for one in unit.sittings}
    return found


def coarse(told: Recording, grid_m: float | None) -> Recording:
    """A movement at even times from 0 on and, where there is a grid, its places alone, rounded to that."""
    even = replace(resampled(told, HZ), began_ms=None, channels={})
    if grid_m is None:
        return even
    return replace(even, x=np.round(even.x / grid_m) * grid_m, y=np.round(even.y / grid_m) * grid_m, heading=None, head=None)


def wordless(stay: Stay, spec: WorldSpec) -> Stay:
    """What somebody lived through, without what they said and heard.

    Raises UserError for roles that do nothing but speak.
    """
    role = stay.role
    features = tuple(feature for feature in role.features if feature.sensor != HEARING)
    heads = tuple(head for head in role.heads if head.name != SAY)
    continuous = tuple(name for name in role.continuous if name != SAY)
    if not heads and not continuous:
        raise UserError(f"a {role.name} of {spec.name} does nothing but speak: --words publishes what was said")
    slices, opened = role.slices(), role.mask_slices()
    sensed = np.concatenate([np.arange(slices[f.name].start, slices[f.name].stop) for f in features])
    mute = role.continuous.index(SAY) if SAY in role.continuous else None
    acted = [k for k in range(role.action_size) if k != mute and (role.continuous or role.heads[k].name != SAY)]
    open_ = [k for head, where in zip(role.heads, opened, strict=False) if head.name != SAY for k in range(where.start, where.stop)]
    spoken = [number for number, event in enumerate(spec.events) if "word" in event.value]
    return replace(
        stay,
        role=replace(role, features=features, heads=heads, continuous=continuous),
        observations=stay.observations[:, sensed],
        allowed=stay.allowed[:, open_],
        actions=stay.actions[:, acted],
        events=stay.events[~np.isin(stay.events["kind"], spoken)],
    )
