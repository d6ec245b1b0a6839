"""What every row and column of a network's parameters stands for, by name, so that two networks can be laid over each other."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from avatarium.agents.networks.actor_critic import CELLS, Architecture, Interface
from avatarium.agents.networks.eye import UNITS, Eye
from avatarium.worlds.core.spec import Feature, Role

Labels = tuple[Hashable, ...]
"""One name per place along an axis of an array; names are unique along it."""
Layout = dict[str, tuple[Labels, ...]]
"""By parameter, the labels of each of its axes; none for a number."""


@dataclass(frozen=True)
class Fit:
    """What a network was built for and how: enough to name every place in its parameters."""

    features: tuple[tuple[str, int], ...]
    """Names and sizes of an observation's features, in their order."""
    heads: tuple[tuple[str, tuple[str, ...]], ...]
    """Names of the action heads, each with the names of its choices; empty for continuous control."""
    controls: tuple[str, ...]
    """Names of the continuous controls; empty where actions are choices."""
    architecture: Architecture
    central: tuple[tuple[str, int], ...] = ()
    """Names and sizes of the features of the global state that the critic sees."""
    values: int = 1
    """Returns that the critic estimates."""

    @classmethod
    def of(cls, role: Role, architecture: Architecture, central: Sequence[Feature] = (), values: int = 1) -> "Fit":
        """What a network of such an architecture for ``role`` was built for; ``central`` is empty unless the critic is central."""
        heads = () if role.continuous else tuple((h.name, h.choices) for h in role.heads)
        seen, overview = (tuple((f.name, f.size) for f in features) for features in (role.features, central))
        return cls(seen, heads, role.continuous, architecture, overview, values)

    @property
    def interface(self) -> Interface:
        """The sizes of what goes in and what comes out."""
        return Interface(
            observation=sum(size for _, size in self.features),
            choices=tuple(len(choices) for _, choices in self.heads),
            controls=len(self.controls),
            central=sum(size for _, size in self.central),
            values=self.values,
        )

    def layout(self) -> Layout:
        """The labels of every parameter and statistic of ``ActorCritic``."""
        seen, overview = _spread("feature", self.features), _spread("state", self.central)
        values, hidden = tuple(("value", i) for i in range(self.values)), self.architecture.hidden
        layout = _statistics("normalise", seen) | _statistics("returns", values)
        if self.architecture.picture:
            seen, eye = _eye(seen, self.architecture.picture)
            layout |= eye
        if self.central:
            layout |= _statistics("normalise_central", overview)
        if self.controls:
            layout["log_std"] = (self._outputs(),)
        if self.architecture.core == "mlp":
            layout |= _perceptron("actor", seen, hidden, self._outputs())
            return layout | _perceptron("critic", seen + overview, hidden, values)
        units: Labels = tuple(("unit", i) for i in range(self.architecture.units))
        layout |= _perceptron("embed.0", seen, hidden[:-1], _units("embed", len(hidden) - 1, hidden[-1]))
        layout |= self._cell(_units("embed", len(hidden) - 1, hidden[-1]), units)
        layout |= _perceptron("actor", units, (), self._outputs())
        if self.central:
            return layout | _perceptron("critic", seen + overview, hidden, values)
        return layout | _perceptron("critic", units, (), values)

    def _outputs(self) -> Labels:
        choices = tuple(("choice", head, choice) for head, names in self.heads for choice in names)
        return choices or tuple(("control", name) for name in self.controls)

    def _cell(self, inputs: Labels, units: Labels) -> Layout:
        """The recurrent core: its parameters hold one block of rows per gate."""
        cell = CELLS[self.architecture.core].gates

        def gates(count: int) -> Labels:
            return tuple((gate, unit) for gate in range(count) for unit in units)

        return {
            "core.input_weight": (gates(cell.from_input), inputs),
            "core.state_weight": (gates(cell.from_state), units),
            "core.bias": (gates(4),),
        }


def _spread(kind: str, features: Sequence[tuple[str, int]]) -> Labels:
    """A label per value of some features."""
    return tuple((kind, name, i) for name, size in features for i in range(size))


def _units(network: str, layer: int, width: int) -> Labels:
    return tuple((network, layer, i) for i in range(width))


def _statistics(name: str, labels: Labels) -> Layout:
    return {f"{name}.mean": (labels,), f"{name}.variance": (labels,), f"{name}.count": ()}


def _eye(seen: Labels, picture: tuple[int, int, int]) -> tuple[Labels, Layout]:
    """What is seen once an ``Eye`` has summed up the picture at its end, and the parameters of that eye: alike for pictures alike."""
    labels = {
        name: tuple(tuple(("eye", name, axis, picture, i) for i in range(size)) for axis, size in enumerate(parameter.shape))
        for name, parameter in Eye(picture).named_parameters()
    }
    units: Labels = tuple(("eye", i) for i in range(UNITS))
    return seen[: -math.prod(picture)] + units, {f"eye.{name}": axes for name, axes in labels.items()}


def _perceptron(name: str, inputs: Labels, hidden: Sequence[int], outputs: Labels) -> Layout:
    """Linear layers with a function without parameters after each but the last."""
    sizes = [inputs, *(_units(name, layer, width) for layer, width in enumerate(hidden)), outputs]
    layout: Layout = {}
    for layer, (before, after) in enumerate(pairwise(sizes)):
        layout[f"{name}.{2 * layer}.weight"] = (after, before)
        layout[f"{name}.{2 * layer}.bias"] = (after,)
    return layout
