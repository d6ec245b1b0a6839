"""Anchors: what a random policy (0) and the reference (1) score, so that unlike metrics share a scale. Frozen, hashed and checked.

``avatarium anchors`` writes ``<world>.json`` in this folder, or ``<world>.anchors.json`` beside the config of a world from elsewhere.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatarium.leaderboards.scenarios import Scenario, scenarios
from avatarium.leaderboards.scenarios.pillars import reference
from avatarium.leaderboards.scenarios.scenario import VERSUS
from avatarium.worlds import __name__ as OURS
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

SCHEMA = 1
Json = dict[str, Any]


@dataclass(frozen=True)
class Anchor:
    """The ends of a scale: one metric in one scenario."""

    random: float | None
    """None where there was nothing to divide by."""
    reference: float | None
    apart: bool
    """Whether the reference is better than random beyond doubt (95 %): where not, the metric is no scale."""


@dataclass(frozen=True)
class Anchors:
    """All anchors of a world."""

    sha256: str
    """Over the contents, as a season's definition and every score name it."""
    contents: Json

    def of(self, role: str, scenario: str, metric: str) -> Anchor:
        """The anchor of a metric, as a scenario of this name has it. Raises UserError where there is none."""
        try:
            return Anchor(*self.contents["roles"][role][scenario]["metrics"][metric])
        except KeyError:
            raise UserError(f"{metric} has no anchor in {scenario} for {role}: {_remedy(self.contents['world'])}") from None


def file_of(spec: WorldSpec) -> Path:
    """Where the anchors of a world lie, or will lie."""
    if spec.config.__module__.startswith(f"{OURS}."):
        return Path(__file__).parent / f"{spec.name}.json"
    return Path(str(sys.modules[spec.config.__module__].__file__)).parent / f"{spec.name}.anchors.json"


def anchored(spec: WorldSpec, role: str) -> list[Scenario]:
    """The scenarios of a role that have anchors: all but those in which two submissions are compared with one another, and hidden ones."""
    return [one for one in scenarios(spec, role) if one.mode.meeting != VERSUS and not one.skipped]


def anchors(spec: WorldSpec) -> Anchors:
    """The anchors of a world. Raises UserError when there are none, when they were edited, or made with other scenarios than today's."""
    path = file_of(spec)
    if not path.is_file():
        raise UserError(f"there are no anchors of {spec.name}: {_remedy(spec.name)}")
    try:
        contents = json.loads(path.read_text("utf-8"))
        sealed = contents.pop("sha256")
        intact = sealed == digest(contents) and contents["schema"] == SCHEMA
    except (ValueError, KeyError, AttributeError):
        intact = False
    if not intact:
        raise UserError(f"{path.name} was damaged, edited or made by another version of Avatarium: {_remedy(spec.name)}")
    if stale := _stale(contents, spec):
        raise UserError(f"the anchors of {spec.name} are stale, {stale}: {_remedy(spec.name)}")
    return Anchors(sealed, contents)


def digest(contents: Json) -> str:
    """SHA-256 over anchors, however they are laid out."""
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def told(scenario: Scenario, spec: WorldSpec, role: str) -> Json:
    """What an anchor depends on, as its file tells it."""
    one = reference(spec, role, scenario.people)
    return {"key": scenario.key(spec), "reference": {"address": one.address, "sha256": one.sha256}}


def _stale(contents: Json, spec: WorldSpec) -> str:
    """What has changed since anchors were made; empty when nothing has."""
    if contents["version"] != spec.version:
        return f"made for version {contents['version']} of the world, which is {spec.version} now"
    for role in spec.role_names():
        found, now = contents["roles"].get(role, {}), anchored(spec, role)
        if gone := sorted(set(found) - {scenario.name for scenario in now}):
            return f"{gone[0]} is gone"
        for scenario in now:
            before = {name: value for name, value in found.get(scenario.name, {}).items() if name != "metrics"}
            if before != told(scenario, spec, role):
                return f"{scenario.name} has {'changed' if before else 'been added'}"
    return ""


def _remedy(world: str) -> str:
    return f"make them by `avatarium anchors {world}`"
