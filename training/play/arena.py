"""Where to train: one of Avatarium's worlds, or any PettingZoo world of somebody else's, by its address."""

import importlib
from dataclasses import dataclass
from typing import Any

from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import resolve
from avatarium.worlds.core.spec import Feature, Role, WorldSpec

CPU, CUDA = "cpu", "cuda"
"""Where worlds can be stepped."""


@dataclass(frozen=True)
class Arena:
    """A world with its settings, before any environment of it is made."""

    address: str
    name: str
    version: int
    settings: dict[str, Any]
    roles: dict[str, Role]
    state: tuple[Feature, ...]
    """What the global state holds."""
    spec: WorldSpec | None
    """None for worlds that Avatarium did not make."""

    @property
    def central(self) -> int:
        """Numbers in the global state."""
        return sum(feature.size for feature in self.state)

    @property
    def signatures(self) -> dict[str, str]:
        """What policies must fit, by role."""
        return {name: role.signature() for name, role in self.roles.items()}

    def open(self, num_envs: int, threads: int = 1, central: bool = False, device: str = CPU) -> Batch:
        """Environments of this arena, whose steps are decisions; ``central`` has the global state kept beside every observation."""
        if self.spec is not None and device == CUDA:
            from avatarium.worlds.gpu.batch import GpuBatch  # which looks for CUDA

            return GpuBatch(self.spec, num_envs, central=central, by_decision=True, **self.settings)
        if self.spec is not None:
            return Batch(self.spec, num_envs, threads, central=central, by_decision=True, **self.settings)
        foreign: Any = importlib.import_module("avatarium.training.adapters.foreign")
        made: Batch = foreign.ForeignBatch(self.address, num_envs, central=central, **self.settings)
        return made


def find(address: str, overrides: dict[str, Any] | None = None) -> Arena:
    """The arena at ``address``: a world's name, ``package.module:WORLD``, or ``package.module:function`` that makes a ParallelEnv.

    ``overrides`` are settings, or arguments of the function. Raises UserError when there is none, or when a setting is wrong.
    """
    given = overrides or {}
    if is_foreign(address):
        foreign: Any = importlib.import_module("avatarium.training.adapters.foreign")
        found = foreign.ForeignBatch(address, **given).spec
        return Arena(address, found.name, found.version, given, {r.name: r for r in found.roles()}, found.state_features(), None)
    spec = discovery.spec(address)
    config: Any = settings.build(spec.config, given)
    roles = {role.name: role for role in spec.roles(config)}
    return Arena(discovery.address(spec), spec.name, spec.version, given, roles, spec.state_features(config), spec)


def is_foreign(address: str) -> bool:
    """Whether an address leads to a function instead of a world."""
    if ":" not in address:
        return False
    found = resolve(address, "a world or an environment")
    return not isinstance(found, WorldSpec) and callable(found)
