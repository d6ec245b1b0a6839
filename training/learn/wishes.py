"""What a learner is to wonder about, read from words."""

from dataclasses import dataclass, field
from typing import Any

from avatarium.agents import curiosity
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError


@dataclass(frozen=True)
class Part:
    """A bonus: its weight, and its settings."""

    weight: float = 1.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wonder:
    """The bonuses of a learner and how their return is estimated."""

    parts: dict[str, Part]
    """By name of the bonus."""
    extrinsic: float = 2.0
    """Weight of the task's advantage in the sum; the intrinsic one has 1 (Burda et al. 2018, table 5)."""
    gamma: float = 0.99
    """Discount of the intrinsic return."""
    episodic: bool = False
    """Whether the intrinsic return ends with the episode."""
    lifetime: bool = False
    """Whether visits are counted over the whole training instead of over an episode."""

    @property
    def counts(self) -> bool:
        """Whether visits have to be counted."""
        return any(curiosity.bonus_class(name).counts for name in self.parts)


def parts_of(text: str) -> dict[str, Part]:
    """Bonuses from a text such as ``rnd`` or ``rnd:0.5:lr=0.001+counts``: name, weight and settings, joined by colons.

    Raises UserError when a bonus or setting is not known.

    >>> parts_of("counts:0.5")
    {'counts': Part(weight=0.5, settings={})}
    """
    found: dict[str, Part] = {}
    for piece in filter(None, text.split("+")):
        name, *rest = piece.split(":")
        kind = curiosity.bonus_class(name)
        weights = [word for word in rest if "=" not in word]
        try:
            weight = float(*weights) if weights else 1.0
        except (ValueError, TypeError):
            raise UserError(f"{piece!r} is not a bonus: write name:weight:setting=value, such as rnd:0.5:lr=0.001") from None
        overrides = settings.parse_overrides([word for word in rest if "=" in word], kind.Settings)
        settings.build(kind.Settings, overrides)
        found[name] = Part(weight, overrides)
    return found
