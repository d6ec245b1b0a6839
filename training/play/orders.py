"""What runners are told, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from avatarium.training.league.matchmaking import Table


@dataclass(frozen=True)
class Casting:
    """Who moves the avatars of which role."""

    modules: dict[str, str]
    """Module of each role that learns; several roles may share one."""
    minds: dict[str, str] = field(default_factory=dict)
    """Policy of each role that does not learn, as ``minds.load_mind`` takes it."""
    sides: tuple[str, ...] = ()
    """Two roles, moved by one module, that play against each other in a league; empty without one."""


@dataclass(frozen=True)
class Orders:
    """What runners are told besides weights; everything in it may change between two fragments."""

    lessons: tuple[dict[str, Any], ...] = ({},)
    """Settings of each stage, on top of those of the run; the stages share the environments out evenly."""
    spirit: float | None = None
    """Share of the team's mean in everybody's reward; None leaves rewards as they are."""
    zero_sum: bool = False
    """Whether each avatar loses the mean reward of the other teams."""
    table: Table | None = None
    """Against whom a league plays; its names are those of ``frozen``, or policies as ``minds.load_mind`` takes them."""
    frozen: Mapping[str, Any] = field(default_factory=dict)
    """Weights of past versions by name: arrays by parameter, or Ray's references to them."""
