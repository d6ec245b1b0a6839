"""From a file of scenarios to scenarios: every combination of a place, people, a custom and a mode that makes sense."""

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

from avatarium.leaderboards.scenarios.files import File
from avatarium.leaderboards.scenarios.frozen import Background
from avatarium.leaderboards.scenarios.scenario import AXES, CROSS_PLAY, FIRST_SEED, MEETINGS, MODES, PEOPLE, SELF_PLAY, SOLO, Mode, Scenario
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import WorldSpec

ANY = "any"
"""The only place, people or custom of a world that knows no others."""
TABLES = {"world", "first_seed", *AXES, "modes", "permitted", "robustness", "pillars", "reference"}
ENTRY = {"name", "config", "held_out", "mute"}
MODE = {"name", "focal", "meeting", "roles", *AXES}


class Combination(NamedTuple):
    """One entry of each table, as the file has them."""

    places: dict[str, Any]
    people: dict[str, Any]
    customs: dict[str, Any]
    mode: dict[str, Any]

    @property
    def makes_sense(self) -> bool:
        """Whether the people keep the custom, and the mode is declared for all three."""
        names = {axis: entry["name"] for axis, entry in zip(AXES, self[:3], strict=True)}
        wanted = [*self.mode.items(), ("customs", self.people.get("customs"))]
        return all(names[axis] in chosen for axis, chosen in wanted if axis in names and chosen is not None)


def ranked(file: File, spec: WorldSpec) -> list[Scenario]:
    """The scenarios of a file that count for a place. Raises UserError when they are not as they have to be."""
    _known(file.found, TABLES, f"the scenarios of {spec.name}")
    axes = [[_entry(e, axis) for e in file.found.get(axis, [{"name": ANY}])] for axis in AXES]
    modes = [_mode(m, axes, spec) for m in file.found.get("modes", [{"name": SELF_PLAY}])]
    frozen, found = file.frozen(spec), []
    for mode in modes:
        chosen = (Combination(place, group, custom, mode) for place, group, custom in _product(axes))
        found += [_scenario(one, file.found, frozen, spec) for one in chosen if one.makes_sense]
    for scenario in found:
        _check(scenario, spec)
    return found


def robustness(file: File, spec: WorldSpec, among: list[Scenario]) -> list[Scenario]:
    """The points of a file's robustness curves: one of the scenarios in ``among`` with one sensor worse than it should be."""
    table = file.found.get("robustness")
    if table is None:
        return []
    _known(table, {"scenario", "levels"}, f"robustness in the scenarios of {spec.name}")
    by_name = {scenario.name: scenario for scenario in among}
    wanted = table.get("scenario", "")
    if wanted not in by_name:
        raise UserError(f"robustness in the scenarios of {spec.name} is asked in {wanted!r}: {nearest(wanted, by_name)}")
    base = by_name[wanted]
    found = [
        dataclasses.replace(base, config={**base.config, setting: level}, lesion=(setting, float(level)))
        for setting, levels in table.get("levels", {}).items()
        for level in levels
    ]
    for scenario in found:
        settings.build(spec.config, scenario.config)
    return found


def _product(axes: list[list[dict[str, Any]]]) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    places, people, customs = axes
    return ((place, group, custom) for place in places for group in people for custom in customs)


def _scenario(one: Combination, found: dict[str, Any], frozen: dict[str, Background], spec: WorldSpec) -> Scenario:
    permitted = _senses(found.get("permitted", {}))
    entries = (one.places, one.people, one.customs)
    permitted |= {name: value for entry in entries for name, value in _senses({"mute": entry["mute"]}).items()}
    return Scenario(
        places=one.places["name"],
        people=one.people["name"],
        customs=one.customs["name"],
        config={**one.places["config"], **one.people["config"], **one.customs["config"], **permitted},
        held_out=tuple(axis for axis, entry in zip(AXES, entries, strict=True) if entry["held_out"]),
        first_seed=found.get("first_seed", FIRST_SEED),
        mode=Mode(one.mode["name"], one.mode.get("focal", 0), one.mode.get("meeting", "")),
        background=tuple(_background(told, frozen, spec) for told in one.people.get("background", ())),
        roles=tuple(one.mode.get("roles", ())),
        permitted=permitted,
    )


def _senses(table: dict[str, Any]) -> dict[str, Any]:
    """The settings of a table of what is permitted; sensors that are taken away say nothing."""
    _known(table, {"config", "mute"}, "permitted, in a scenario file,")
    return {**table.get("config", {}), **{f"{sensor}.mute": True for sensor in table.get("mute", ())}}


def _background(told: Any, frozen: dict[str, Background], spec: WorldSpec) -> Background:
    if isinstance(told, dict):
        _known(told, {"hidden", "sha256", "roles"}, "a hidden background policy")
        return Background(told["hidden"], told["sha256"], tuple(told["roles"]), hidden=True)
    if told not in frozen:
        raise UserError(f"the background policy {told!r} is not frozen: do so by `avatarium scenarios {spec.name} --freeze`")
    return frozen[told]


def _entry(found: dict[str, Any], axis: str) -> dict[str, Any]:
    _known(found, ENTRY | ({"customs", "background", "reference"} if axis == PEOPLE else set()), f"an entry of {axis} in a scenario file")
    if "name" not in found:
        raise UserError(f"an entry of {axis} in a scenario file has no name")
    return {"config": {}, "held_out": False, "mute": (), **found}


def _mode(found: dict[str, Any], axes: list[list[dict[str, Any]]], spec: WorldSpec) -> dict[str, Any]:
    """A checked entry of ``modes``."""
    _known(found, MODE, "an entry of modes in a scenario file")
    name, meeting = str(found.get("name", "")), found.get("meeting", "")
    if name not in MODES:
        raise UserError(f"there is no mode {name!r}: {nearest(name, MODES)}")
    if (name == CROSS_PLAY) != bool(meeting) or (meeting and meeting not in MEETINGS):
        raise UserError(f"the meeting of mode {name} in a scenario file is {meeting!r}: {' or '.join(MEETINGS)} in cross-play, else none")
    known = {axis: [entry["name"] for entry in entries] for axis, entries in zip(AXES, axes, strict=True)} | {"roles": spec.role_names()}
    for axis, names in known.items():
        for word in found.get(axis, ()):
            if word not in names:
                raise UserError(f"mode {name} in a scenario file is for {axis} {word!r}: {nearest(word, names)}")
    return found


def _known(found: dict[str, Any], keys: set[str], where: str) -> None:
    for key in found:
        if key not in keys:
            raise UserError(f"{where} has {', '.join(sorted(keys))}, not {key}: {nearest(key, keys)}")


def _check(scenario: Scenario, spec: WorldSpec) -> None:
    """Raise UserError unless the world knows the settings, and there is somebody for every seat that is not the judged policy's."""
    config: Any = settings.build(spec.config, scenario.config)
    mode = scenario.mode
    for role in (r for r in spec.roles(config) if not scenario.roles or r.name in scenario.roles):
        others = role.count - (mode.focal or role.count)
        if others < 0 or (mode.name == SOLO and role.count > 1):
            raise UserError(f"{scenario.name} of {spec.name} gives the judged policy {mode.focal or 'one'} of {role.count} {role.name}s")
        shared = bool(others) and not scenario.with_partner
        if shared and not any(role.name in one.roles for one in scenario.background):
            raise UserError(f"{scenario.name} of {spec.name} has nobody for the other {others} {role.name}s: name its people's background")
