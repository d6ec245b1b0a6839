"""Graphs of allowed operators that cannot be loaded, or that ask for more memory or time than there is."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.leaderboards.corpus import CONTAINED, stopped
from avatarium.leaderboards.corpus.building import (
    CELLS,
    LOGITS,
    OBSERVATION,
    added,
    choices,
    features,
    model,
    node,
    remembering,
    submission,
    value,
    weight,
)

HUGE = 10**11
"""Elements that no machine here has room for."""


def whole(name: str, *values: int) -> Any:
    """An int64 weight with one axis."""
    return weight(name, values, np.int64)


def collapsed(*nodes: Any, weights: Any = ()) -> bytes:
    """A submission that adds the mean of something large, ``x``, to its answer."""
    return added(*nodes, node("ReduceMean", "x", "e", keepdims=0), weights=weights)


@stopped(
    "gates|loading|speed",
    "the graph failed|cannot load|took longer|crashed|used more processor time",
    {
        "fill": lambda: collapsed(node("ConstantOfShape", "s", "x"), weights=[whole("s", 1000, HUGE // 1000)]),
        "fill-overflow": lambda: collapsed(node("ConstantOfShape", "s", "x"), weights=[whole("s", 2**62, 4)]),
        "fill-overflow-to-one": lambda: collapsed(node("ConstantOfShape", "s", "x"), weights=[whole("s", 2**32, 2**32)]),
        "fill-negative": lambda: collapsed(node("ConstantOfShape", "s", "x"), weights=[whole("s", -1)]),
        "tile": lambda: collapsed(node("Tile", "m s", "x"), weights=[whole("s", 10**5, 10**6)]),
        "tile-overflow": lambda: collapsed(node("Tile", "m s", "x"), weights=[whole("s", 2**62, 2**62)]),
        "tile-negative": lambda: collapsed(node("Tile", "m s", "x"), weights=[whole("s", 1, -5)]),
        "expand": lambda: collapsed(node("Expand", "one s", "x"), weights=[weight("one", [1.0]), whole("s", HUGE)]),
        "expand-negative": lambda: collapsed(node("Expand", "one s", "x"), weights=[weight("one", [1.0]), whole("s", -7)]),
        "range": lambda: collapsed(
            node("Range", "a b c", "r"),
            node("Cast", "r", "x", to=1),
            weights=[weight(n, v, np.int64) for n, v in zip("abc", (0, HUGE, 1), strict=True)],
        ),
        "range-no-step": lambda: collapsed(
            node("Range", "a b c", "x"), weights=[weight(n, np.float32(v)) for n, v in zip("abc", (0, 1, 0), strict=True)]
        ),
        "resize": lambda: collapsed(
            node("Reshape", "m q", "p"),
            node("Resize", "p none c", "x"),
            weights=[whole("q", -1, 1, choices(), 1), weight("none", np.zeros(0, np.float32)), weight("c", [1.0, 1e4, 1e4, 1e4])],
        ),
        "pad": lambda: collapsed(node("Pad", "m s", "x"), weights=[whole("s", 0, HUGE // 5, 0, 0)]),
        "pad-negative": lambda: collapsed(node("Pad", "m s", "x"), weights=[whole("s", 0, -(2**40), 0, 0)]),
        "pad-overflow": lambda: collapsed(node("Pad", "m s", "x"), weights=[whole("s", 2**62, 2**62, 2**62, 2**62)]),
        "one-hot": lambda: collapsed(
            node("OneHot", "i d v", "x"), weights=[whole("i", *range(1000)), weight("d", HUGE // 1000, np.int64), weight("v", [0.0, 1.0])]
        ),
        "eye": lambda: collapsed(node("ConstantOfShape", "s", "z"), node("EyeLike", "z", "x"), weights=[whole("s", 10**5, 10**6)]),
        "outer": lambda: collapsed(
            node("ConstantOfShape", "s", "z"), node("Einsum", "z z z", "x", equation="a,b,c->abc"), weights=[whole("s", 5000)]
        ),
        "broadcast": lambda: collapsed(
            node("ConstantOfShape", "s", "p"),
            node("ConstantOfShape", "t", "q"),
            node("Add", "p q", "x"),
            weights=[whole("s", 10**5, 1), whole("t", 1, 10**6)],
        ),
        "gather": lambda: collapsed(
            node("ConstantOfShape", "s", "f"), node("Cast", "f", "i", to=7), node("Gather", "w i", "x"), weights=[whole("s", 10**10)]
        ),
        "conv": lambda: collapsed(
            node("ConstantOfShape", "s", "f"),
            node("Conv", "f k", "x", pads=[10**5] * 4),
            weights=[whole("s", 1, 1, 5, 5), weight("k", np.ones((1, 1, 2, 2)))],
        ),
    },
)
def memory_bomb(make: Callable[[], bytes]) -> bytes:
    """A few nodes that ask for terabytes, or for a number of bytes that does not fit into one."""
    return make()


@stopped("loading|speed", "the graph failed|cannot load", {"34-times": 34, "40-times": 40})
def doubling(times: int) -> bytes:
    """A tensor that doubles with every node."""
    nodes = [node("Concat", f"x{i} x{i}", f"x{i + 1}", axis=0) for i in range(times)]
    return collapsed(node("Identity", "m", "x0"), *nodes, node("Identity", f"x{times}", "x"))


@stopped(
    "speed", "took longer|milliseconds|ms per avatar|takes .* s, more than|used more processor time", {"matmul": "MatMul", "deep": "Tanh"}
)
def slow(op: str) -> bytes:
    """Few bytes that compute for minutes."""
    side = 2000 if op == "MatMul" else 4000
    step = [node(op, f"x{i} x{i}" if op == "MatMul" else f"x{i}", f"x{i + 1}") for i in range(400)]
    return collapsed(node("ConstantOfShape", "s", "x0"), *step, node("Identity", "x400", "x"), weights=[whole("s", side, side)])


@stopped(
    "gates|loading|speed",
    "cannot load|the graph failed|two weights|names no version",
    {
        "cycle": lambda: added(node("Add", "m b", "a"), node("Relu", "a", "b"), node("Identity", "b", "e")),
        "cycle-of-one": lambda: added(node("Relu", "e", "e")),
        "written-twice": lambda: added(node("Relu", "m", "e"), node("Tanh", "m", "e")),
        "writes-input": lambda: added(node("Relu", "m", OBSERVATION), node("Identity", "m", "e")),
        "writes-weights": lambda: added(node("Relu", "m", "w"), node("Identity", "m", "e")),
        "reads-nothing": lambda: added(node("Relu", "nowhere", "e")),
        "no-inputs": lambda: added(node("Relu", "", "e")),
        "many-inputs": lambda: added(node("Relu", "m m m m", "e")),
        "unknown-attribute": lambda: added(node("Relu", "m", "e", evil=1)),
        "attribute-type": lambda: added(node("Softmax", "m", "e", axis="one")),
        "axis": lambda: added(node("Softmax", "m", "e", axis=7)),
        "output-unmade": lambda: submission(model([node("Relu", "m", "x")])),
        "weights-twice": lambda: added(node("Relu", "m", "e"), weights=[weight("w", np.ones((features(), choices())))]),
        "transposed": lambda: submission(model([node("MatMul", "w observation", LOGITS)])),
        "type-mix": lambda: added(node("Add", "m i", "e"), weights=[whole("i", 1)]),
        "reshape": lambda: added(node("Reshape", "w s", "r"), node("MatMul", "m r", "e"), weights=[whole("s", 7, 13)]),
        "einsum": lambda: added(node("Einsum", "m", "e", equation="ij->ijk")),
        "permutation": lambda: added(node("Transpose", "m", "e", perm=[0, 0])),
        "permutation-outside": lambda: added(node("Transpose", "m", "e", perm=[5, 1])),
        "lstm": lambda: added(node("LSTM", "m w w", "e", hidden_size=-3)),
        "conv-no-kernel": lambda: added(node("Conv", "m w", "e", kernel_shape=[0, 0])),
        "ir-version": lambda: submission(_versioned(2**31)),
        "ir-version-zero": lambda: submission(_versioned(0)),
    },
)
def ill_formed(make: Callable[[], bytes]) -> bytes:
    """A graph that is none."""
    return make()


def _versioned(version: int) -> Any:
    graph = model()
    graph.ir_version = version
    return graph


@stopped(
    "loading|speed",
    "the graph failed|cannot load",
    {
        "gather": lambda: added(node("Gather", "m i", "e", axis=1), weights=[whole("i", *[10**6] * choices())]),
        "gather-negative": lambda: added(node("Gather", "m i", "e", axis=1), weights=[whole("i", *[-(10**6)] * choices())]),
        "gather-elements": lambda: added(
            node("GatherElements", "w i", "e"), weights=[weight("i", np.full((1, choices()), 2**40), np.int64)]
        ),
        "gather-nd": lambda: added(node("GatherND", "w i", "e"), weights=[weight("i", np.full((choices(), 2), 2**33), np.int64)]),
        "scatter": lambda: added(
            node("ScatterElements", "m i u", "e", axis=1),
            weights=[weight("i", np.full((1, 1), 2**40), np.int64), weight("u", [[1.0]])],
        ),
        "scatter-nd": lambda: added(
            node("ScatterND", "m i u", "e"), weights=[weight("i", np.full((1, 2), -(2**33)), np.int64), weight("u", [1.0])]
        ),
        "top": lambda: added(node("TopK", "m k", "e i"), weights=[whole("k", 10**6)]),
        "top-negative": lambda: added(node("TopK", "m k", "e i"), weights=[whole("k", -1)]),
        "split": lambda: added(node("Split", "m s", "e f"), weights=[whole("s", 10**6, -(10**6))]),
        "squeeze": lambda: added(node("Squeeze", "m a", "e"), weights=[whole("a", 9)]),
        "unsqueeze": lambda: added(node("Unsqueeze", "m a", "e"), weights=[whole("a", 2**31)]),
        "divide": lambda: added(
            node("Cast", "m", "i", to=7), node("Div", "i z", "d"), node("Cast", "d", "e", to=1), weights=[weight("z", 0, np.int64)]
        ),
        "modulo": lambda: added(
            node("Cast", "m", "i", to=7), node("Mod", "i z", "d"), node("Cast", "d", "e", to=1), weights=[weight("z", 0, np.int64)]
        ),
    },
)
def outside(make: Callable[[], bytes]) -> bytes:
    """Places that are not in the tensor, and divisions that have no result."""
    return make()


@stopped("speed|loading", "instead of float32|cannot load|the graph failed|has to be", {"more-rows": 0, "more-columns": 1})
def other_shape(axis: int) -> bytes:
    """An answer of another shape than it says."""
    graph = model([node("Concat", "m m", LOGITS, axis=axis)])
    graph.graph.output[0].type.tensor_type.ClearField("shape")
    return submission(graph)


@stopped(CONTAINED, "^$", {"columns": 3, "minus": -3})
def lying_values(width: int) -> bytes:
    """A tensor in the middle that is said to have another shape than it has, which nobody believes."""
    graph = model([node("Relu", "m", "x"), node("Identity", "x", LOGITS)])
    graph.graph.value_info.append(value("x", "batch", width))
    return submission(graph)


@stopped("speed|loading", "instead of float32|the graph failed|cannot load")
def state_of_another_shape() -> bytes:
    """Memory that comes back with another shape than it went in."""
    nodes = [node("Identity", "m", LOGITS), node("Concat", "state_in_h state_in_h", "state_out_h", axis=0)]
    return remembering(nodes, [weight("u", np.ones((CELLS, CELLS)))])
