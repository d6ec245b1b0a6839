"""What all honest policies are for: a role that senses a bit of everything."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from avatarium.agents.exported import StateShape
from avatarium.training.packing.graph import Answer
from avatarium.worlds.core.spec import Feature, Head, Role

RAYS, PEOPLE, FACTS, WORDS, PICTURE = 16, 4, 5, 6, (3, 8, 8)
FEATURES = (
    Feature("body", 6, -1, 1, "how fast, which way", "body"),
    Feature("rays", RAYS, 0, 1, "how far it is to walls", "rays"),
    Feature("people", PEOPLE * FACTS, -1, 1, "of each: whether it is there, where, how fast", "people"),
    Feature("word", WORDS, 0, 1, "which word was heard, one-hot", "speech"),
    Feature("picture", 3 * 8 * 8, 0, 1, "what is seen", "eyes", PICTURE),
)
WALKER = Role("walker", 4, FEATURES, (Head("walk", ("stay", "forward", "back")), Head("turn", ("left", "right"))), ("task",))
PILOT = Role("pilot", 4, FEATURES, WALKER.heads, ("task",), continuous=("right", "up"))
SIZE, LOGITS, CONTROLS = WALKER.observation_size, 5, 2
PLAIN = 6 + RAYS + PEOPLE * FACTS + WORDS
"""Numbers of an observation without its picture."""
WHERE = WALKER.slices()


class Case(NamedTuple):
    """An honest policy."""

    onnx_bytes: bytes
    states: tuple[StateShape, ...] = ()
    value: bool = False
    role: Role = WALKER
    answer: Answer | None = None


class Policy(nn.Module):
    """A network of one of the architectures; subclasses say what they remember and how they act."""

    state_shapes: dict[str, tuple[int, ...]] = {}  # noqa: RUF012
    role = WALKER
    value = False

    @property
    def states(self) -> tuple[StateShape, ...]:
        return tuple(StateShape(name, shape) for name, shape in self.state_shapes.items())


def people_of(observation: Tensor) -> tuple[Tensor, Tensor]:
    """Facts float32 [B, 4, 5] of people, and whether each is there, bool [B, 4]."""
    people = observation[:, WHERE["people"]].reshape(-1, PEOPLE, FACTS)
    return people, people[:, :, 0] > 0


def made(architecture: Callable[[], Policy]) -> Policy:
    """A network with weights of its own that are the same each time, ready to act."""
    torch.manual_seed(1)
    return architecture().eval()
