"""What a search may choose from."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ray import tune

from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError

WIDE = 10.0
"""Ranges whose ends differ by this factor or more are drawn from by their logarithm."""


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included."""

    name: str
    low: float
    high: float

    @property
    def tried(self) -> tuple[float, ...]:
        """Values that stand for all of it."""
        return (self.low, self.high)

    def domain(self) -> Any:
        """The same for Ray Tune."""
        wide = self.low > 0 and self.high >= WIDE * self.low
        if isinstance(self.low, int) and isinstance(self.high, int):
            return (tune.lograndint if wide else tune.randint)(self.low, self.high + 1)
        return (tune.loguniform if wide else tune.uniform)(self.low, self.high)


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    name: str
    tried: tuple[Any, ...]

    def domain(self) -> Any:
        """The same for Ray Tune."""
        return tune.choice(list(self.tried))


Space = tuple[Range | Choice, ...]


def default(h: Hyperparameters) -> Space:
    """What is worth trying around a recipe: the learning rate, and what PPO is known to be sensitive to."""
    fragments = sorted({16, 32, 64, 128} if h.network == "mlp" else {k * h.sequence for k in (1, 2, 4)})
    return (
        Range("lr", max(h.lr / 8, 1e-6), min(h.lr * 8, 1.0)),
        Range("entropy", 1e-4, 0.05),
        Choice("gamma", (0.8, 0.9, 0.95, 0.98, 0.99, 0.995)),
        Range("lam", 0.8, 1.0),
        Range("clip", 0.1, 0.3),
        Choice("minibatch", tuple(sorted({max(16, h.minibatch // 4), max(16, h.minibatch // 2), h.minibatch, 2 * h.minibatch}))),
        Range("epochs", 1, 6),
        Choice("fragment", tuple(fragments)),
    )


def read(texts: Iterable[str]) -> Space:
    """From texts such as ``lr=1e-4..1e-2`` and ``network=gru,lstm``. Raises UserError."""
    space = tuple(_read(text) for text in texts)
    names = [one.name for one in space]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"--space names {name} twice: give all of its values at once")
    return space


def _read(text: str) -> Range | Choice:
    name, equals, words = text.partition("=")
    if not (name and equals and words):
        raise UserError(f"--space {text} is not of the form name=low..high or name=a,b,c")
    if ".." not in words:
        return Choice(name, tuple(_value(name, word) for word in words.split(",")))
    low, high = (_value(name, word) for word in words.split("..", 1))
    if isinstance(low, str | bool):
        raise UserError(f"--space {text} is a range of what is no number: give its values as {name}=a,b,c")
    if not low < high:
        raise UserError(f"--space {text} is empty: {low} is not below {high}")
    return Range(name, low, high)


def _value(name: str, word: str) -> Any:
    """The word as the hyper-parameter's type. Raises UserError when there is no such hyper-parameter, or when it cannot have the value."""
    found = settings.parse_overrides([f"{name}={word}"], Hyperparameters)
    settings.build(Hyperparameters, found)
    return found[name]


def chosen(plan: Plan, values: dict[str, Any]) -> Plan:
    """The plan with other hyper-parameters. Raises UserError when they do not go together."""
    found = replace(plan, hyperparameters=settings.build(Hyperparameters, asdict(plan.hyperparameters) | values))
    found.check()
    return found


def check(plan: Plan, space: Space) -> None:
    """Raise UserError when a value of the space does not go together with the plan."""
    for one in space:
        for value in one.tried:
            try:
                chosen(plan, {one.name: value})
            except UserError as mistake:
                raise UserError(f"the search cannot try {one.name}={value}: {mistake}") from None
