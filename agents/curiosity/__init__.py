"""Curiosity: interchangeable bonuses, found by looking into this folder and into the entry points of others.

>>> from avatarium.agents import curiosity
>>> "rnd" in curiosity.names()
True
>>> curiosity.build("rnd", {"lr": 1e-4}, observation_size=150, choices=(5, 3), controls=0).settings
Rnd.Settings(lr=0.0001, hidden=64, features=64, share=1.0)
"""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from avatarium.agents.curiosity.bonus import Bonus
from avatarium.agents.curiosity.transitions import Transitions
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError, nearest, resolve

__all__ = ["Bonus", "Transitions", "bonus_class", "build", "names"]

GROUP = "avatarium.curiosity"


def names() -> list[str]:
    """Names of all bonuses."""
    return sorted(_addresses())


def bonus_class(name: str) -> type[Bonus]:
    """The bonus called ``name``, or at the address ``package.module:Class``. Raises UserError when there is none."""
    if ":" in name:
        return _load(name)
    addresses = _addresses()
    if name not in addresses:
        raise UserError(f"there is no curiosity {name!r}: {nearest(name, addresses)}")
    return _load(addresses[name])


def build(name: str, overrides: Mapping[str, Any], observation_size: int, choices: tuple[int, ...], controls: int) -> Bonus:
    """A bonus for avatars that see ``observation_size`` numbers and act by heads with so many ``choices``, or by continuous ``controls``.

    ``name`` as in ``bonus_class``; ``overrides`` of its ``Settings``. Raises UserError for unknown names and bad values.
    """
    kind = bonus_class(name)
    return kind(observation_size, choices, controls, settings.build(kind.Settings, overrides))


def _addresses() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{file.name}")
        kinds = (k for k in vars(module).values() if isinstance(k, type) and issubclass(k, Bonus) and k is not Bonus)
        found.update({kind.name: f"{module.__name__}:{kind.__name__}" for kind in kinds})
    found.update({entry.name: entry.value for entry in metadata.entry_points(group=GROUP)})
    return found


def _load(address: str) -> type[Bonus]:
    kind = resolve(address, "a curiosity")
    if not (isinstance(kind, type) and issubclass(kind, Bonus)):
        raise UserError(f"{address!r} is no curiosity: it has to be a subclass of avatarium.agents.curiosity.Bonus")
    return kind
