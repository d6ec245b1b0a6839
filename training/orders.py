"""What runners are told, as data."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Casting:
    """Who moves the avatars of which role."""

    modules: dict[str, str]
    """Module of each role that learns; several roles may share one."""
    minds: dict[str, str] = field(default_factory=dict)
    """Policy of each role that does not learn, as ``minds.load_mind`` takes it."""


@dataclass(frozen=True)
class Orders:
    """What runners are told besides weights; everything in it may change between two fragments."""

    lessons: tuple[dict[str, Any], ...] = ({},)
    """Settings of each stage, on top of those of the run; the stages share the environments out evenly."""
