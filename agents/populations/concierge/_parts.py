"""What the scripted hosts and visitors have in common: they see what learners see, feature by feature."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec

Parts = dict[str, np.ndarray]


def seeing(name: str, spec: WorldSpec, role: str, config: Any, rule: Callable[[Parts, np.ndarray], np.ndarray]) -> Rule:
    """A policy that gives ``rule`` the features of each observation by name [B, size], and the keys uint64 [B]."""
    slices = next(r for r in spec.roles(config) if r.name == role).slices()
    return Rule(name, lambda seen, keys: rule({feature: seen[:, where] for feature, where in slices.items()}, keys))
