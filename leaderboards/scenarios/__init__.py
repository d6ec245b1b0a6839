"""Scenarios: in which places, among which people and under which customs a world's policies are judged. They are data.

A world's scenarios are the file ``<world>.toml`` in this folder, or ``scenarios.toml`` beside the world's own config. It lists ``places``,
``people`` and ``customs``, each with a name, a config and, where nobody may have trained with it, ``held_out``; people may have a
``background`` of policies, which the lock beside the file freezes. ``modes`` say how many seats the judged policy takes, in which of these
combinations. ``permitted`` are settings and muted sensors that are the same for everybody, ``robustness`` makes sensors worse level by
level, ``pillars`` say which metrics count for what, and ``reference`` names the policies that stand for 1 on a scale on which random ones
stand for 0. A world without a file gets a scenario per split that is not for training, or a single one.
"""

import dataclasses

from avatarium.leaderboards.scenarios import files, reading
from avatarium.leaderboards.scenarios.frozen import Background
from avatarium.leaderboards.scenarios.reading import ANY
from avatarium.leaderboards.scenarios.scenario import AXES, CROSS_PLAY, FIRST_SEED, Mode, Scenario
from avatarium.worlds.core.spec import WorldSpec

__all__ = ["AXES", "CROSS_PLAY", "FIRST_SEED", "Background", "Mode", "Scenario", "alone", "robustness", "scenarios"]


def scenarios(spec: WorldSpec, role: str = "") -> list[Scenario]:
    """The scenarios of a world that count for a place, or of those the ones for ``role``. Raises UserError when its file is wrong."""
    file = files.read(spec)
    found = _by_split(spec) if file is None else reading.ranked(file, spec)
    return [one for one in found if not role or not one.roles or role in one.roles]


def robustness(spec: WorldSpec, role: str = "") -> list[Scenario]:
    """The points of a world's robustness curves, which count for no place; none in a world whose file asks for none."""
    file = files.read(spec)
    return [] if file is None else reading.robustness(file, spec, scenarios(spec, role))


def alone(spec: WorldSpec, role: str = "") -> list[Scenario]:
    """The scenarios that one policy can be judged in here, without a partner and without background people that are kept elsewhere."""
    return [one for one in scenarios(spec, role) if not one.with_partner and not one.skipped]


def _by_split(spec: WorldSpec) -> list[Scenario]:
    split = next((f for f in dataclasses.fields(spec.config) if f.name == "split" and "options" in f.metadata), None)
    if split is None:
        return [Scenario(ANY, ANY, ANY, {})]
    places = [option for option in split.metadata["options"] if option != "train"]
    return [Scenario(place, ANY, ANY, {"split": place}, ("places",) if place == "held-out" else ()) for place in places]
