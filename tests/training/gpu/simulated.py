"""What the tests here have done in a process in which numba stands in for a GPU; prints what it found as JSON."""

import json
import sys
from dataclasses import fields
from typing import Any

import numpy as np
import torch

from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Interface
from avatarium.training.gpu.stage import GpuStage
from avatarium.training.play import arena
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rollout import Extras, Fragment
from avatarium.training.play.stage import Stage
from avatarium.worlds.core.spec import Role

ENVS, STEPS, FRAGMENTS, UNITS = 3, 8, 8, 8
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "rows": ("wayfinding", {"episode_steps": 50}, {}),
    "memory": ("wayfinding", {"walkers": 2, "episode_steps": 50}, {"core": "lstm"}),
    "masks": ("masks", {}, {"core": "gru"}),
    "controls": ("wayfinding", {"walkers": 2, "control": "continuous", "episode_steps": 50}, {}),
    "central": ("coordination", {}, {"central": True}),
    "visits": ("keydoor", {}, {"visits": True}),
    "places": ("wayfinding", {"walkers": 2, "episode_steps": 50}, {"visits": True}),
    "spirit": ("coordination", {}, {"spirit": 0.5}),
    "late": ("wayfinding", {"walkers": 3, "episode_steps": 50, "sync.aosi": 2, "sync.aori": 1, "rays.noise": 0.1}, {}),
    "sight": ("wayfinding", {"walkers": 2, "episode_steps": 50, "pixels.width": 8, "pixels.height": 8}, {}),
}
"""World, settings, and how it is played."""


class Log:
    """What is logged, by name; stands in for RLlib's logger."""

    def __init__(self) -> None:
        self.found: dict[str, list[float]] = {}

    def log_value(self, name: Any, value: float, **_: Any) -> None:
        self.found.setdefault(name if isinstance(name, str) else "/".join(name), []).append(value)


def network_for(role: Role, core: str, central: int) -> ActorCritic:
    torch.manual_seed(1)
    choices = () if role.continuous else tuple(len(head.choices) for head in role.heads)
    return ActorCritic(Interface(role.observation_size, choices, len(role.continuous), central), Architecture(core, (16, 16), UNITS))


def differing(here: Fragment, there: Fragment) -> list[str]:
    """Names of the columns that are not the same."""
    found = []
    for field in fields(Fragment):
        one, two = getattr(here, field.name), getattr(there, field.name).numpy()
        alike = one.shape == two.shape and (np.allclose(one, two, atol=1e-6) if one.dtype.kind == "f" else np.array_equal(one, two))
        found += [] if alike else [field.name]
    return found


def compared(world: str, settings: dict[str, Any], how: dict[str, Any]) -> dict[str, Any]:
    """Play the same on the CPU and in the simulator: which columns differ, how many episodes ended, which sums differ."""
    place = arena.find(world, settings)
    central = place.central if how.get("central") else 0
    networks = {name: network_for(role, how.get("core", "mlp"), central) for name, role in place.roles.items()}
    states = {name: len(network.initial(1)) for name, network in networks.items()}
    extras = {name: Extras(n, UNITS * bool(n), how.get("visits", False), central=central) for name, n in states.items()}
    casting, orders = Casting({name: name for name in place.roles}), Orders(spirit=how.get("spirit"))
    here = Stage(place.open(ENVS, 1, bool(central)), STEPS, casting, networks, extras, 5, {})
    there = GpuStage(place.open(ENVS, 1, bool(central), arena.CUDA), STEPS, casting, networks, extras, 5, {})
    unlike, ended, logs = set(), 0, (Log(), Log())
    for _ in range(FRAGMENTS):
        played = here.play(False, orders), there.play(False, orders)
        for name, fragment in played[0].items():
            unlike |= {f"{name}.{column}" for column in differing(fragment, played[1][name])}
            ended += len(fragment.final_steps)
    for stage, log in zip((here, there), logs, strict=True):
        stage.tally.log(log)
    one, two = ({name: np.mean(values) for name, values in log.found.items()} for log in logs)
    unlike |= {name for name in one if not np.isclose(one[name], two.get(name, np.nan), rtol=1e-5, atol=1e-6)}
    return {"unlike": sorted(unlike), "ended": ended, "logged": len(one)}


if __name__ == "__main__":
    print(json.dumps({name: compared(*CASES[name]) for name in sys.argv[1:] or CASES}))
