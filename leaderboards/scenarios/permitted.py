"""What everybody senses and does in a scenario: a policy that was made for something else is told so in one sentence."""

from typing import Any

from avatarium.agents.manifest import Manifest
from avatarium.leaderboards.scenarios.scenario import Scenario
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import WorldSpec


def check_fits(manifest: Manifest, spec: WorldSpec, scenario: Scenario) -> None:
    """Raise UserError, saying which settings do not agree, unless the policy can play a scenario with the senses permitted there."""
    config: Any = settings.build(spec.config, scenario.config)
    role = next((one for one in spec.roles(config) if one.name == manifest.role), None)
    if role is None:
        raise UserError(f"{spec.name} has no role {manifest.role!r}: its roles are {', '.join(spec.role_names())}")
    mine = {name: manifest.settings[name] for name, value in scenario.permitted.items() if manifest.settings.get(name, value) != value}
    if mine and manifest.world == spec.name and manifest.signature != role.signature():
        theirs = _told({name: scenario.permitted[name] for name in mine})
        raise UserError(
            f"{manifest.name} plays with the settings {_told(mine)}, but in {scenario.name} of {spec.name} everybody plays with {theirs}: "
            "train and export it with these"
        )
    manifest.check_fits(spec, role)


def _told(config: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in config.items())[:200]
