"""A split that stays as it is: the share of bandwidth and of compute that users get, whatever happens."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.agents.scripted import Rule
from avatarium.worlds import WorldSpec
from avatarium.worlds.metasync.heuristic import controls

ROLES = ("orchestrator", "bandwidth", "compute", "station")


def fixed(name: str, bandwidth: float, compute: float) -> Callable[[WorldSpec, str, Any], Rule]:
    """What makes the policy called ``name``, which gives users these shares, for any of the roles."""

    def policy(spec: WorldSpec, role: str, config: Any) -> Rule:
        """The policy."""
        return Rule(name, lambda observation, keys: controls(role, np.tile([bandwidth, compute], (len(observation), 1))))

    return policy
