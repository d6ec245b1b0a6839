"""Graphs that are well formed and cheat: avatars that see what others see, or know which of them they are."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from avatarium.leaderboards.corpus import stopped
from avatarium.leaderboards.corpus.building import added, choices, node, weight
from avatarium.leaderboards.corpus.parts import CORNER, ON_PLATE, PLACE, Sign, counting, memory, on, sign, whole

OTHERS = "depends on"


def everybody() -> Any:
    """``all``, the mean over all avatars of ``m``."""
    return node("ReduceMean", "m", "all", axes=[0], keepdims=1)


@stopped(
    "rows|speed",
    OTHERS,
    {
        "mean": lambda: added(node("ReduceMean", "m", "e", axes=[0])),
        "max": lambda: added(node("ReduceMax", "m", "e", axes=[0])),
        "sum-of-squares": lambda: added(node("ReduceSumSquare", "m", "e", axes=[0])),
        "of-all": lambda: added(node("ReduceMean", "m", "e", keepdims=0)),
        "softmax": lambda: added(node("Softmax", "m", "e", axis=0)),
        "cumulative": lambda: added(node("CumSum", "m z", "e"), weights=[weight("z", 0, np.int64)]),
        "attention": lambda: added(
            node("Transpose", "m", "k"), node("MatMul", "m k", "s"), node("Softmax", "s", "a", axis=1), node("MatMul", "a m", "e")
        ),
        "normalised": lambda: added(
            node("Transpose", "m", "k"), node("LpNormalization", "k", "n", axis=1, p=2), node("Transpose", "n", "e")
        ),
        "centred": (lambda: added(node("MeanVarianceNormalization", "m", "e", axes=[0])), "not finite|depends"),
        "first-row": lambda: added(node("Gather", "m z", "e", axis=0), weights=[whole("z", 0)]),
        "last-row": lambda: added(node("Gather", "m z", "e", axis=0), weights=[whole("z", -1)]),
        "reversed": lambda: added(
            node("Slice", "m a b c d", "e"), weights=[whole("a", -1), whole("b", -(2**40)), whole("c", 0), whole("d", -1)]
        ),
        "best": lambda: added(node("TopK", "m k", "e i", axis=0), weights=[whole("k", 1)]),
        "who-is-best": lambda: added(node("ArgMax", "m", "i", axis=0), node("Cast", "i", "e", to=1)),
        "hard": lambda: added(node("Hardmax", "m", "e", axis=0)),
        "einsum": lambda: added(node("Einsum", "m", "e", equation="ij->j")),
        "gram": lambda: added(node("Einsum", "m m m", "e", equation="ij,kj,kl->il")),
        "batch-as-time": lambda: added(
            node("Unsqueeze", "m one", "x"),
            node("RNN", "x a r", "h", hidden_size=5),
            node("Squeeze", "h k", "e"),
            weights=[whole("one", 1), weight("a", np.ones((1, 5, choices()))), weight("r", np.ones((1, 5, 5))), whole("k", 1, 2)],
        ),
        "batch-as-picture": lambda: added(
            node("Unsqueeze", "m one", "x"),
            node("Transpose", "x", "y", perm=[1, 2, 0]),
            node("Conv", "y k", "z", pads=[1, 1]),
            node("Transpose", "z", "v", perm=[2, 1, 0]),
            node("Squeeze", "v last", "e"),
            weights=[whole("one", 1), weight("k", np.ones((choices(), choices(), 3))), whole("last", 2)],
        ),
        "pooled": lambda: added(
            node("Unsqueeze", "m one", "x"),
            node("Transpose", "x", "y", perm=[1, 2, 0]),
            node("GlobalMaxPool", "y", "z"),
            node("Squeeze", "z last", "e"),
            weights=[whole("one", 1), whole("last", 2)],
        ),
        "whispered": lambda: added(everybody(), node("Mul", "all tiny", "e"), weights=[weight("tiny", 0.01)]),
    },
)
def sees_others(make: Callable[[], bytes]) -> bytes:
    """An avatar that is told what the others sense."""
    return make()


def sized(*nodes: Any, weights: Any = ()) -> bytes:
    """A submission that adds something which it computes from the size of the batch, ``f``."""
    size = [node("Shape", "m", "s"), node("Gather", "s z", "n", axis=0), node("Cast", "n", "f", to=1)]
    return added(*size, *nodes, weights=[weight("z", 0, np.int64), *weights])


def placed(*nodes: Any, weights: Any = ()) -> bytes:
    """A submission that adds something which it computes from the place of each avatar in the batch, ``index`` [B, 1]."""
    ones = [node("ReduceSum", "m axis", "r", keepdims=1), node("Mul", "r nil", "n"), node("Add", "n one", "ones")]
    weights = [whole("axis", 1), weight("nil", 0.0), weight("one", 1.0), weight("z", 0, np.int64), *weights]
    return added(*ones, node("CumSum", "ones z", "index"), *nodes, weights=weights)


@stopped(
    "rows",
    OTHERS,
    {
        "size": lambda: sized(node("Identity", "f", "e")),
        "odd-size": lambda: sized(node("Mod", "f two", "e", fmod=1), weights=[weight("two", 2.0)]),
        "alone": lambda: sized(node("Sub", "one f", "d"), node("Exp", "d", "e"), weights=[weight("one", 1.0)]),
        "crowd": lambda: sized(node("Sub", "f fifty", "d"), node("Relu", "d", "e"), weights=[weight("fifty", 50.0)]),
        "place": lambda: placed(node("Identity", "index", "e")),
        "odd-place": lambda: placed(node("Mod", "index two", "e", fmod=1), weights=[weight("two", 2.0)]),
        "first-alone": lambda: placed(node("Sub", "index one", "d"), node("Neg", "d", "n2"), node("Exp", "n2", "e")),
        "far-back": lambda: placed(node("Sub", "index forty", "d"), node("Relu", "d", "e"), weights=[weight("forty", 40.0)]),
    },
)
def sees_its_place(make: Callable[[], bytes]) -> bytes:
    """An avatar that knows how many there are, or which of them it is: a name that the world did not give it."""
    return make()


@stopped(
    "rows|trial",
    OTHERS,
    {
        "at-the-bounds": CORNER,
        "in-the-corner": partial(sign, PLACE, (0.0, 0.0)),
        "on-a-plate": partial(sign, ON_PLATE, (1.0,)),
        "on-a-tile": partial(sign, PLACE, (0.25, 0.75)),
        "in-the-middle": partial(sign, PLACE, (0.5, 0.5)),
        "nearly": partial(sign, PLACE, (0.5, 0.25), 4.0),
    },
)
def sees_others_on_a_sign(what: Sign) -> bytes:
    """The same, only while some avatar is at a certain place."""
    return on(what, everybody(), node("ReduceMax", "t", "any", keepdims=0), node("Mul", "all any", "e"))


def leak() -> list[Any]:
    """``leak``, a little of the mean of all."""
    return [node("ReduceMean", "m", "all", axes=[0, 1], keepdims=0), node("Mul", "all tiny", "leak")]


@stopped(
    "memory|rows|trial",
    OTHERS,
    {
        "mean": lambda: memory(
            node("ReduceMean", "state_in_h", "a", axes=[0], keepdims=1), node("Add", "a u", "b"), node("Add", "state_in_h b", "s"),
            node("Tanh", "s", "state_out_h"), weights=[weight("u", 0.1)],
        ),
        "senses": lambda: memory(
            *leak(), node("Add", "state_in_h leak", "s"), node("Tanh", "s", "state_out_h"), weights=[weight("tiny", 1.0)],
        ),
        "whispered": lambda: memory(
            *leak(), node("Add", "state_in_h leak", "s"), node("Tanh", "s", "state_out_h"),
            node("ReduceMax", "state_in_h", "c", axes=[1], keepdims=1), node("Mul", "c loud", "e"), node("Add", "m e", "sum"),
            weights=[weight("tiny", 1e-4), weight("loud", 1e5)], out="sum",
        ),
        "amplified": lambda: memory(
            *leak(), node("Mul", "state_in_h more", "k"), node("Add", "k leak", "s"), node("Tanh", "s", "state_out_h"),
            node("ReduceMax", "state_out_h", "c", axes=[1], keepdims=1), node("Add", "m c", "sum"),
            weights=[weight("tiny", 1e-4), weight("more", 1.3)], out="sum",
        ),
        "rotated": lambda: memory(
            node("Slice", "state_in_h a b z", "x"), node("Slice", "state_in_h z a z", "y"), node("Concat", "x y", "k", axis=0),
            node("ReduceMean", "m", "q", axes=[1], keepdims=1), node("Add", "k q", "s"), node("Tanh", "s", "state_out_h"),
            weights=[whole("a", 1), whole("b", 2**31), whole("z", 0)],
        ),
    },
)  # fmt: skip
def remembers_others(make: Callable[[], bytes]) -> bytes:
    """Memory through which avatars talk where nobody can hear them."""
    return make()


@stopped(
    "memory|rows",
    OTHERS,
    {"soon": 20.0, "later": 50.0},
)
def remembers_others_later(after: float) -> bytes:
    """An avatar that is told what the others sense, from a certain step of its life on."""
    late = [node("Sub", "c after", "d"), node("Clip", "d low high", "late")]
    return counting(
        everybody(), *late, node("Mul", "all late", "e"), weights=[weight("after", after), weight("low", 0.0), weight("high", 1.0)]
    )
