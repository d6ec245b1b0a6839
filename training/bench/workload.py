"""What is trained in the benchmark: the same world, network, batch, epochs and minibatch for everybody."""

from dataclasses import dataclass, field, replace
from typing import Any

from avatarium.agents.networks.actor_critic import Architecture
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters


@dataclass(frozen=True)
class Workload:
    """A world with one role, and how to learn in it."""

    name: str
    world: str
    role: str
    agents: int
    """Avatars in an environment, all of them there all the time."""
    hyperparameters: Hyperparameters
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the world."""

    @property
    def agent_steps(self) -> int:
        """Decisions in a batch."""
        return self.hyperparameters.envs * self.hyperparameters.fragment * self.agents

    @property
    def architecture(self) -> Architecture:
        """How the network is built."""
        return self.plan().architecture

    def plan(self, *, runners: int = 0, **changes: object) -> Plan:
        """A run of it, with some hyper-parameters changed."""
        return Plan(self.world, dict(self.settings), replace(self.hyperparameters, **changes), runners=runners)  # type: ignore[arg-type]

    def smaller(self) -> "Workload":
        """The same with an eighth of the environments, to see whether everything works."""
        h = self.hyperparameters
        return replace(self, hyperparameters=replace(h, envs=h.envs // 8, minibatch=h.minibatch // 4))


COMMON = Hyperparameters(fragment=64, epochs=4, minibatch=1024, lr=1e-3, gamma=0.98, lam=0.95, entropy=0.005, layers=2, sequence=16)
SMALL = {"avatars": 4, "size": 6}  # 24 features, five moves: next to nothing to step
LIGHT = Workload("MLP 64×64", "coordination", "mover", 4, replace(COMMON, envs=64, hidden=64), SMALL)
MEMORY = Workload("LSTM 128", "coordination", "mover", 4, replace(COMMON, envs=64, hidden=64, layers=1, network="lstm", units=128), SMALL)
BUILDING = Workload("wayfinding", "wayfinding", "walker", 8, replace(COMMON, envs=32, hidden=128))
SLOW = "mpe2.simple_spread_v3:parallel_env"  # a world in Python, as most are
PYTHON = Workload("simple_spread", SLOW, "agent", 3, replace(COMMON, envs=32, hidden=64, epochs=1, minibatch=4096))
