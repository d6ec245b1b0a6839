"""A scenario: a place, people and a custom, and how many seats of its role the judged policy takes there."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from avatarium.leaderboards.scenarios.frozen import Background
from avatarium.worlds.core import settings
from avatarium.worlds.core.spec import WorldSpec

FIRST_SEED = 1_000_000
"""Of worlds that do not say; training begins to count at 0."""
AXES = PLACES, PEOPLE, CUSTOMS = ("places", "people", "customs")
MODES = SOLO, SELF_PLAY, MINORITY, MAJORITY, CROSS_PLAY = ("solo", "self-play", "focal-minority", "focal-majority", "cross-play")
"""The only avatar of its role; all of them; a few or most of them, among background people; seats shared with another submission."""
MEETINGS = VERSUS, TOGETHER = ("versus", "together")
"""Of cross-play: who does better in the same company, or who gets on with whom."""
SEATING = 1
"""Number of the rule by which seats are dealt out (see ``seating``); scores under unlike rules never share a column."""


@dataclass(frozen=True)
class Mode:
    """Who sits where."""

    name: str = SELF_PLAY
    focal: int = 0
    """How many avatars of the role are the judged policy's; 0 for all."""
    meeting: str = ""
    """One of ``MEETINGS``, for cross-play."""


@dataclass(frozen=True)
class Scenario:
    """One situation in which policies are judged."""

    places: str
    people: str
    customs: str
    config: dict[str, Any]
    held_out: tuple[str, ...] = ()
    """Which of places, people and customs nobody may have trained with."""
    first_seed: int = FIRST_SEED
    mode: Mode = Mode()
    background: tuple[Background, ...] = ()
    """Who has the seats of the role that the judged policy has not, and the other roles; these are the world's heuristic without any."""
    roles: tuple[str, ...] = ()
    """Which roles it is for; every one when empty."""
    permitted: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Settings, among those of ``config``, that decide what everybody senses and does here."""
    lesion: tuple[str, float] | None = None
    """Which sensor setting is worse than it should be, and by how much, as in ("rays.noise", 0.1): a point of a robustness curve."""

    @property
    def name(self) -> str:
        """Place, people and custom, as in "held-out/crowd/keep-left"; then the mode, unless all seats are one policy's, and the lesion."""
        mode = () if self.mode.name in (SOLO, SELF_PLAY) else (self.mode.name,)
        lesion = (f"{self.lesion[0]}={self.lesion[1]:g}",) if self.lesion else ()
        return "/".join((self.places, self.people, self.customs, *mode, *lesion))

    @property
    def ranked(self) -> bool:
        """Whether it counts for a place on the board."""
        return self.lesion is None

    @property
    def with_partner(self) -> bool:
        """Whether it takes a second submission to play it."""
        return self.mode.name == CROSS_PLAY

    @property
    def skipped(self) -> str:
        """Why it cannot be played here, in one sentence; empty where it can."""
        unseen = [one.address for one in self.background if one.hidden and one.path is None]
        return f"{self.name} is skipped: {', '.join(unseen)} is hidden, and only the organisers have it" if unseen else ""

    def seeds(self, episodes: int) -> range:
        """The seeds of the public track: the same for every policy."""
        return range(self.first_seed, self.first_seed + episodes)

    def key(self, spec: WorldSpec) -> str:
        """SHA-256 of all that decides what happens: world, version, every setting, mode, seats and background people.

        Scores under unlike keys never share a column. What it is called and whether it is held out does not matter.
        """
        full = settings.told(settings.build(spec.config, self.config))
        people = [[one.sha256, list(one.roles)] for one in self.background]
        told = [spec.name, spec.version, full, SEATING, dataclasses.astuple(self.mode), people]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
