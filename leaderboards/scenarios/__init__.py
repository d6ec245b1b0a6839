"""Scenarios: in which places, among which people and under which customs a world's policies are judged. They are data.

A world's scenarios are the file ``<world>.toml`` in this folder, or ``scenarios.toml`` beside the world's own config.
Every combination of a place, people and a custom is one scenario. A world without a file gets one per split that is not
for training, or a single one.
"""

import dataclasses
import hashlib
import importlib.resources
import json
import tomllib
from dataclasses import dataclass
from typing import Any

from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec

FIRST_SEED = 1_000_000
"""Of worlds that do not say; training begins to count at 0."""
AXES = ("places", "people", "customs")
ANY = "any"
"""The only place, people or custom of a world that knows no others."""


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

    @property
    def name(self) -> str:
        """Place, people and custom, as in "held-out/crowd/keep-left"."""
        return "/".join((self.places, self.people, self.customs))

    def seeds(self, episodes: int) -> range:
        """The seeds of the public track: the same for every policy."""
        return range(self.first_seed, self.first_seed + episodes)

    def digest(self, spec: WorldSpec) -> str:
        """SHA-256 of world, version and every setting: scores of unlike scenarios never share a column."""
        full = dataclasses.asdict(settings.build(spec.config, self.config))
        return hashlib.sha256(json.dumps([spec.name, spec.version, full], sort_keys=True).encode()).hexdigest()


def scenarios(spec: WorldSpec) -> list[Scenario]:
    """The scenarios of a world. Raises UserError when its file is wrong."""
    text = _file(spec)
    try:
        found = _combine(tomllib.loads(text), spec) if text is not None else _default(spec)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"the scenarios of {spec.name} cannot be read: {error}") from None
    for scenario in found:
        settings.build(spec.config, scenario.config)
    return found


def _file(spec: WorldSpec) -> str | None:
    module = spec.config.__module__
    places = [(__name__, f"{spec.name}.toml"), (module, "scenarios.toml"), (module.rpartition(".")[0], "scenarios.toml")]
    for package, name in places:
        try:
            return (importlib.resources.files(package) / name).read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError, TypeError, ValueError, ModuleNotFoundError):
            continue
    return None


def _combine(found: dict[str, Any], spec: WorldSpec) -> list[Scenario]:
    if found.get("world", spec.name) != spec.name:
        raise UserError(f"the scenarios of {spec.name} say that they are those of {found['world']!r}")
    places, people, customs = ([_entry(e, axis) for e in found.get(axis, [{"name": ANY}])] for axis in AXES)
    return [
        Scenario(
            places=place["name"],
            people=group["name"],
            customs=custom["name"],
            config={**place["config"], **group["config"], **custom["config"]},
            held_out=tuple(axis for axis, entry in zip(AXES, (place, group, custom), strict=True) if entry["held_out"]),
            first_seed=found.get("first_seed", FIRST_SEED),
        )
        for place in places
        for group in people
        for custom in customs
        if custom["name"] in group.get("customs", [custom["name"]])
    ]


def _entry(found: dict[str, Any], axis: str) -> dict[str, Any]:
    unknown = set(found) - {"name", "config", "held_out", *(["customs"] if axis == "people" else [])}
    if unknown or "name" not in found:
        given = ", ".join(sorted(unknown)) or "nothing"
        raise UserError(f"an entry of {axis} in a scenario file has a name, a config and held_out, not {given}")
    return {"config": {}, "held_out": False, **found}


def _default(spec: WorldSpec) -> list[Scenario]:
    split = next((f for f in dataclasses.fields(spec.config) if f.name == "split" and "options" in f.metadata), None)
    if split is None:
        return [Scenario(ANY, ANY, ANY, {})]
    places = [option for option in split.metadata["options"] if option != "train"]
    return [Scenario(place, ANY, ANY, {"split": place}, ("places",) if place == "held-out" else ()) for place in places]
