"""What a training run is, as data: everything that is needed to start it again."""

import importlib.metadata
import platform
from dataclasses import asdict, dataclass
from typing import Any

from avatarium.training.recipe import Hyperparameters
from avatarium.worlds.core import discovery, settings
from avatarium.worlds.core.errors import UserError

LIBRARIES = ("avatarium", "numpy", "numba", "torch", "ray")


@dataclass(frozen=True)
class Plan:
    """A world and its settings, how to learn in it, from which seed, with how many remote runners (0: all in one process)."""

    world: str
    settings: dict[str, Any]
    hyperparameters: Hyperparameters
    seed: int = 0
    runners: int = 0
    steps: int = 0
    """Decisions after which training ends; 0 when it ends after ``hyperparameters.minutes``."""

    def check(self) -> None:
        """Raise UserError unless the world, its settings and the hyperparameters go together."""
        spec = discovery.spec(self.world)
        settings.build(spec.config, self.settings)
        settings.check(self.hyperparameters)
        envs = self.hyperparameters.envs
        if not 0 <= self.runners <= 1024 or self.runners > envs:
            raise UserError(f"--runners {self.runners} does not go with {envs} environments: each runner needs at least one")
        if envs % max(self.runners, 1):
            raise UserError(
                f"{envs} environments cannot be shared out evenly over {self.runners} runners: choose --envs as a multiple of it"
            )
        if self.steps < 0:
            raise UserError(f"--steps {self.steps} is negative: give the number of decisions to train for")

    def to_json(self) -> dict[str, Any]:
        """The plan as nested dicts of numbers and texts."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Plan":
        """The plan that ``to_json`` gave. Raises UserError when a hyperparameter is not known here."""
        return cls(**(found | {"hyperparameters": settings.build(Hyperparameters, found["hyperparameters"])}))

    def done(self, seconds: float, decisions: int) -> float:
        """Share of the training that lies behind, 0 to 1."""
        share = decisions / self.steps if self.steps else seconds / (60.0 * self.hyperparameters.minutes)
        return min(share, 1.0)

    def lr_scale(self, done: float) -> float:
        """Factor of the learning rate when the share ``done`` lies behind."""
        return 1.0 - (1.0 - self.hyperparameters.lr_end) * done


def versions() -> dict[str, str]:
    """Version of Python and of the libraries that results depend on."""
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in LIBRARIES}
