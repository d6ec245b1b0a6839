"""Lanes of which nobody has the overview."""

from dataclasses import dataclass, replace

import lanes


@dataclass(frozen=True)
class Config(lanes.Config):
    """Settings of stateless: those of lanes."""


WORLD = replace(lanes.WORLD, name="stateless", config=Config, state_features=lambda config: ())
