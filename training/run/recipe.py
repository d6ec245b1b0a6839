"""How to train in a world: hyper-parameters that may be set from the command line, and what to show meanwhile."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from avatarium.training import recipes
from avatarium.training.league.pool import Rules
from avatarium.training.league.spirit import Spirit
from avatarium.training.learn.strategy import Strategy
from avatarium.training.names import COUNT, EVENTS, VALUE
from avatarium.training.run.curriculum import Curriculum
from avatarium.worlds.core.settings import choice, section, setting, switch, text


@dataclass(frozen=True)
class Happened:
    """How often a kind of event happened, and the sum of the values of those events."""

    count: float
    value: float


@dataclass(frozen=True)
class Hyperparameters:
    """What learning may be told; every field is a setting of ``avatarium train --train NAME=VALUE``."""

    algorithm: str = choice(
        "ppo",
        "mappo",
        "cloning",
        "evolution",
        "brute_force",
        meaning="what learns: PPO, PPO with a central critic, imitation of --demos, evolution, or the best controls that never change",
    )
    minutes: float = setting(10.0, 0.01, 100_000.0, "of training, unless steps are given")
    envs: int = setting(256, 1, 1 << 16, "environments, over all runners")
    fragment: int = setting(64, 1, 4096, "steps of every environment between two updates")
    epochs: int = setting(3, 1, 100, "times each decision is learnt from")
    minibatch: int = setting(4096, 16, 1 << 22, "decisions per gradient step")
    lr: float = setting(5e-4, 0.0, 1.0, "learning rate at the start")
    lr_end: float = setting(0.05, 0.0, 1.0, "share of it that is left at the end; it falls linearly")
    settle: int = setting(0, 0, 1 << 20, "updates at the start that change nothing but the optimiser's memory, after --from")
    gamma: float = setting(0.99, 0.0, 1.0, "discount per step")
    lam: float = setting(0.95, 0.0, 1.0, "lambda of generalised advantage estimation")
    finite: bool = switch(False, "a time limit ends the return as a termination does: nothing is expected beyond it")
    clip: float = setting(0.2, 0.0, 1.0, "how far the probability ratio may move")
    entropy: float = setting(0.005, 0.0, 1.0, "weight of the entropy bonus")
    value: float = setting(0.5, 0.0, 100.0, "weight of the value loss")
    gradient_clip: float = setting(0.5, 1e-6, 1e6, "largest norm of the gradient")
    network: str = choice("mlp", "lstm", "gru", meaning="a network without memory, or one with the memory of a recurrent cell")
    hidden: int = setting(128, 1, 4096, "units per hidden layer of actor and critic; of a recurrent network, before its cell")
    layers: int = setting(2, 0, 16, "hidden layers; 0: what is done is linear in what is seen")
    units: int = setting(128, 1, 4096, "units of a recurrent cell")
    sequence: int = setting(16, 1, 4096, "steps through which a recurrent network's gradient flows; divides fragment")
    shared: bool = switch(False, "roles that sense and do the same are moved by one policy")
    precision: str = choice("float32", "bfloat16", meaning="of products of matrices while learning; policies are exported in float32")
    curiosity: str = text("", "bonuses such as rnd or rnd:0.5:lr=0.001+counts: names, weights and settings")
    extrinsic: float = setting(2.0, 0.0, 1000.0, "weight of the task's advantage beside the intrinsic one")
    intrinsic_gamma: float = setting(0.99, 0.0, 1.0, "discount of the intrinsic return")
    intrinsic_episodic: bool = switch(False, "the intrinsic return ends with the episode")
    lifetime_visits: bool = switch(False, "visits are counted over the whole training instead of over an episode")
    strategy: Strategy = section(Strategy, "how evolution goes on")
    telling: str = text("", "a feature that speakers are made to tell, by which head, and how much so: FEATURE:HEAD:WEIGHT")
    foresight: float = setting(0.0, 0.0, 1000.0, "weight of a loss for foreseeing where people in sight will go, an auxiliary task")
    foresight_steps: int = setting(8, 1, 256, "how many steps ahead that is")
    teacher: str = choice("none", "stairs", "progress", meaning="who chooses the lessons of the recipe's curriculum, if anybody")
    league: bool = switch(False, "two roles alike play against each other, moved by one policy, and against its past versions")
    rivals: str = text("", "scripted rivals in the league, such as heuristic+random")
    pool: Rules = section(Rules, "who is met in the league")
    team_spirit: bool = switch(False, "everybody's reward is partly the mean of its team, more and more so")
    spirit: Spirit = section(Spirit, "how much of it")
    zero_sum: bool = switch(False, "everybody loses the mean reward of the other teams")
    ahead: bool = switch(True, "sample the next batch while learning from the last")
    learner_threads: int = setting(0, 0, 256, "threads of each learner; 0: one per CPU")
    world_threads: int = setting(1, 1, 256, "threads that step the worlds of a runner")
    checkpoint_minutes: float = setting(2.0, 0.01, 1e6, "between two checkpoints")


ON_GPU = {"envs": 8192, "fragment": 16, "minibatch": 1 << 16}
"""A GPU that has less to do at once waits most of the time."""


def differences(found: Hyperparameters, usual: Hyperparameters) -> dict[str, Any]:
    """What ``found`` has otherwise than ``usual``; fields of sections have dotted names, as they have in ``--train``.

    >>> differences(Hyperparameters(lr=0.1, pool=Rules(past=0.5)), Hyperparameters())
    {'lr': 0.1, 'pool.past': 0.5}
    """
    one, other = _flat(asdict(found)), _flat(asdict(usual))
    return {name: value for name, value in one.items() if value != other[name]}


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """Values of sections under dotted names."""
    parts = {name: _flat(value) if isinstance(value, dict) else {"": value} for name, value in found.items()}
    return {f"{name}.{inner}" if inner else name: value for name, part in parts.items() for inner, value in part.items()}


def read_events(played: Mapping[str, Any]) -> dict[str, Happened]:
    """The events in a runner's metrics."""
    return {kind: Happened(float(seen[COUNT]), float(seen[VALUE])) for kind, seen in played.get(EVENTS, {}).items()}


def event_rates(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Every kind of event per thousand decisions: what can be shown of any world."""
    return {name: 1000.0 * seen.count / max(decisions, 1.0) for name, seen in events.items()}


Gauges = Callable[[Mapping[str, Happened], float], dict[str, float]]
"""(events by kind, decisions taken) since the last report -> what to show and to draw, by name."""


@dataclass(frozen=True)
class Recipe:
    """How to train in a world."""

    hyperparameters: Hyperparameters = Hyperparameters()
    gauges: Gauges = event_rates
    shown: tuple[str, ...] = ()
    """The gauges that matter most: shown in the progress bar and drawn in the learning curve."""
    sampling: str = "sample"
    """How the exported policy acts: "sample" draws from its probabilities, "greedy" takes the likeliest actions."""
    curriculum: Curriculum | None = None
    """Lessons from easy to hard, for ``teacher``."""
    gpu: Mapping[str, Any] = field(default_factory=lambda: ON_GPU)
    """What is otherwise on a GPU: many more environments, for fewer steps, and about as many updates of larger minibatches."""

    def hyperparameters_on(self, device: str) -> Hyperparameters:
        """Those for ``device``, cpu or cuda."""
        if device != "cuda":
            return self.hyperparameters
        found = replace(self.hyperparameters, **self.gpu)
        return found if found.network == "mlp" else replace(found, fragment=max(found.fragment, found.sequence))


def recipe_for(world: str) -> Recipe:
    """The ``RECIPE`` in the file of ``avatarium.training.recipes`` that is named like the world, else one that suits any world."""
    if world in {module.name for module in pkgutil.iter_modules(recipes.__path__)}:
        found: Recipe = importlib.import_module(f"{recipes.__name__}.{world}").RECIPE
        return found
    return Recipe()
