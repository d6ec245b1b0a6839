"""Parts of graphs that several families are made of: what an avatar sees, and what it counts."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from avatarium.leaderboards.corpus.building import LOGITS, OBSERVATION, added, node, remembering, weight

PLACE, ON_PLATE, OTHER = (0, 1), (2,), (9, 10)
"""Elements of an observation: own place, whether one stands on a plate, where the other avatar is from here."""

Sign = Callable[[], tuple[list[Any], list[Any]]]
"""Makes nodes and weights of ``t`` [B, 1], which is 1 for avatars that see something and 0 for others."""


def whole(name: str, *values: int) -> Any:
    """An int64 weight with one axis."""
    return weight(name, values, np.int64)


def sign(where: tuple[int, ...], values: tuple[float, ...], sharpness: float = 100.0) -> tuple[list[Any], list[Any]]:
    """Nodes and weights of ``t`` [B, 1]: 1 for avatars whose senses ``where`` are ``values``, 0 where they are not nearly so."""
    nodes = [
        node("Gather", f"{OBSERVATION} at", "g", axis=1),
        node("Sub", "g values", "apart"),
        node("Abs", "apart", "far"),
        node("Mul", "far sharpness", "farther"),
        node("Sub", "one farther", "near"),
        node("Relu", "near", "match"),
        node("ReduceMin", "match", "t", axes=[1], keepdims=1),
    ]
    return nodes, [whole("at", *where), weight("values", values), weight("sharpness", sharpness), weight("one", 1.0)]


HERE = partial(sign, (*PLACE, *OTHER), (0.75, 0.75, 0.25, 0.0))
"""A sight in the middle of what there is to see, which comes about in some episodes and not in others."""
CORNER = partial(sign, (*PLACE, *ON_PLATE), (1.0, 1.0, 1.0))
"""A sight at the bounds of what there is to see."""


def on(what: Sign, *nodes: Any, weights: Any = ()) -> bytes:
    """A submission that adds ``e``, which ``nodes`` compute from the sign ``t`` as well."""
    seeing, known = what()
    return added(*seeing, *nodes, weights=[*known, *weights])


def memory(*nodes: Any, weights: Any = (), out: str = "m") -> bytes:
    """A submission that remembers ``state_out_h`` and answers ``out``."""
    return remembering([*nodes, node("Identity", out, LOGITS)], weights)


def counting(*nodes: Any, weights: Any = (), step: float = 1.0) -> bytes:
    """A submission that counts steps, ``c`` [B, 1], and adds ``e`` to its answer."""
    first = [
        node("Add", "state_in_h step", "state_out_h"),
        node("ReduceMax", "state_out_h", "c", axes=[1], keepdims=1),
        *nodes,
        node("Add", "m e", "sum"),
    ]
    return memory(*first, weights=[weight("step", step), *weights], out="sum")
