"""What a season consists of: worlds with their versions, scenarios, numbers of episodes and what counts, frozen as JSON with a hash."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from avatarium.leaderboards.anchors import Anchors, anchors
from avatarium.leaderboards.database.models import PUBLIC
from avatarium.leaderboards.scenarios import Background, Mode, Scenario, robustness, scenarios
from avatarium.leaderboards.scenarios.pillars import Counted, judged_by, pillars
from avatarium.leaderboards.seasons import secret as secrets
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

SCHEMA = 1
BLOCK = 32
"""Episodes of one job: what an interruption may cost."""
CURVE_SHARE = 4
"""A point of a robustness curve takes as many times fewer episodes than a scenario that counts."""


class Ends(NamedTuple):
    """The scale of a metric in one scenario: what the random and the reference policy score."""

    scenario: str
    """Its key."""
    metric: str
    random: float
    reference: float


@dataclass(frozen=True)
class Block:
    """Episodes that are played together: one job."""

    scenario: Scenario
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """One table of a season: the policies of one role in one world."""

    world: str
    """Its address, under which it is found again."""
    version: int
    role: str
    episodes: int
    """Of each scenario that counts, in each track."""
    scenarios: tuple[Scenario, ...]
    """Those that count, cross-play among them, and then the points of robustness curves."""
    counted: tuple[Counted, ...]
    """Which metrics of which modes count for which pillar."""
    metrics: tuple[str, ...]
    """All that is folded over an episode, the headline first."""
    anchors: tuple[Ends, ...]
    """Of the metrics that count, in the scenarios where they do."""
    anchors_sha256: str
    """Of the file that they are from."""

    @cached_property
    def spec(self) -> WorldSpec:
        """The world. Raises UserError when this installation has another version of it."""
        found = discovery.spec(self.world)
        if found.version != self.version:
            raise UserError(
                f"this is about version {self.version} of {found.name}, and version {found.version} is installed: use that release"
            )
        return found

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The key of each of ``scenarios``, in their order."""
        return tuple(one.key(self.spec) for one in self.scenarios)

    def count(self, scenario: Scenario) -> int:
        """How many episodes of one of the scenarios are played in a track."""
        return self.episodes if scenario.ranked else max(1, self.episodes // CURVE_SHARE)

    def seeds(self, scenario: Scenario, track: str, secret: str = "") -> list[int]:
        """The seeds of a scenario: known ones, or those that follow from a secret; the same in all scenarios of a world."""
        if track == PUBLIC:
            return list(scenario.seeds(self.count(scenario)))
        return secrets.seeds(secret, track, self.world, self.count(scenario))

    @cached_property
    def alone(self) -> list[Scenario]:
        """The scenarios that a policy plays without another submission, and that can be played here."""
        return [one for one in self.scenarios if not one.with_partner and not one.skipped]

    @cached_property
    def counting(self) -> tuple[int, ...]:
        """Which of ``scenarios`` make the table: those that a policy plays alone and that count for a place."""
        alone = {id(one) for one in self.alone}
        return tuple(k for k, one in enumerate(self.scenarios) if one.ranked and id(one) in alone)

    def blocks(self, track: str, secret: str = "") -> Iterator[Block]:
        """What a submission has to play alone: those scenarios first that count."""
        for scenario in self.alone:
            seeds = self.seeds(scenario, track, secret)
            for first in range(0, len(seeds), BLOCK):
                yield Block(scenario, tuple(seeds[first : first + BLOCK]))


@dataclass(frozen=True)
class Definition:
    """A season, as everybody can read it before it begins."""

    name: str
    title: str
    parts: tuple[Part, ...]

    def part(self, world: str, role: str) -> Part:
        """The part for a world (its address) and role. Raises UserError when the season has none."""
        for one in self.parts:
            if (one.world, one.role) == (world, role):
                return one
        known = ", ".join(dict.fromkeys(f"{one.world} ({one.role})" for one in self.parts))
        raise UserError(f"season {self.name} has no table for {role} in {world}: it has {known}")

    def to_json(self) -> dict[str, Any]:
        """The definition as JSON, with the key of each scenario."""
        return {"schema": SCHEMA, "name": self.name, "title": self.title, "parts": [_part_json(one) for one in self.parts]}

    @cached_property
    def ruleset(self) -> str:
        """SHA-256 of all of it."""
        return hashlib.sha256(canonical(self.to_json()).encode()).hexdigest()


def canonical(content: Any) -> str:
    """JSON in one form only, for hashes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def define(name: str, title: str, worlds: Sequence[str], episodes: Mapping[str, int]) -> Definition:
    """A season over worlds as they are now, every role of each; ``episodes`` by world. Raises UserError."""
    parts = []
    for world in worlds:
        spec = discovery.spec(world)
        parts += [part(spec, role, episodes[world]) for role in spec.role_names()]
    return Definition(name, title, tuple(parts))


def part(spec: WorldSpec, role: str, episodes: int) -> Part:
    """The table of one role, with the scenarios that the world has now."""
    listed, counted = (*scenarios(spec, role), *robustness(spec, role)), tuple(pillars(spec))
    known = anchors(spec) if counted else None
    ends = tuple(_ends(spec, role, listed, counted, known)) if known else ()
    address, seal = discovery.address(spec), known.sha256 if known else ""
    return Part(address, spec.version, role, episodes, listed, counted, judged_by(spec), ends, seal)


def _ends(spec: WorldSpec, role: str, listed: Sequence[Scenario], counted: Sequence[Counted], known: Anchors) -> Iterator[Ends]:
    for scenario in listed:
        for one in counted:
            if scenario.ranked and not scenario.skipped and one.mode == scenario.mode.name:
                found = known.of(role, scenario.name, one.metric)
                if found.random is not None and found.reference is not None:
                    yield Ends(scenario.key(spec), one.metric, found.random, found.reference)


def from_json(found: Mapping[str, Any]) -> Definition:
    """Read a definition. Raises UserError when it is of another schema or cannot be understood."""
    if found.get("schema") != SCHEMA:
        raise UserError(f"the season's definition has schema {found.get('schema')}; this version of Avatarium reads schema {SCHEMA}")
    try:
        return Definition(found["name"], found["title"], tuple(_part(one) for one in found["parts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"the season's definition cannot be understood ({type(error).__name__}: {error})") from None


def _part_json(one: Part) -> dict[str, Any]:
    told = dataclasses.asdict(one)
    told["scenarios"] = [{**dataclasses.asdict(s), "key": key} for s, key in zip(one.scenarios, one.keys, strict=True)]
    return told


def _part(found: Mapping[str, Any]) -> Part:
    scenarios, counted = (tuple(_scenario(s) for s in found["scenarios"]), tuple(Counted(*c) for c in found["counted"]))
    ends = tuple(Ends(*one) for one in found["anchors"])
    return Part(**{**found, "scenarios": scenarios, "counted": counted, "metrics": tuple(found["metrics"]), "anchors": ends})


def _scenario(found: Mapping[str, Any]) -> Scenario:
    kept: dict[str, Any] = {name: value for name, value in found.items() if name != "key"}
    people = tuple(Background(**{**one, "roles": tuple(one["roles"])}) for one in kept.pop("background"))
    lesion = kept.pop("lesion")
    mode = Mode(**kept.pop("mode"))
    kept |= {name: tuple(kept[name]) for name in ("held_out", "roles")}
    return Scenario(**kept, background=people, mode=mode, lesion=tuple(lesion) if lesion else None)
