"""Operators that torch does not write, or seldom, each in a small graph."""

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from honest.by_helper import FLOAT, draw, ints, model, node
from honest.room import LOGITS, SIZE, Case


def chain(*steps, weights=None, opset=17):
    """A layer, then ``steps`` of (operator, attributes, further inputs) over 12 numbers a row, then logits."""
    nodes, last = [node("MatMul", "observation,w1", "x0")], "x0"
    for k, (op, attributes, more) in enumerate(steps, 1):
        nodes.append(node(op, ",".join([last, *more]), f"x{k},i{k}" if op == "TopK" else f"x{k}", **attributes))
        last = f"x{k}"
    nodes.append(node("MatMul", f"{last},w2", "logits"))
    return Case(model(nodes, {"w1": draw(SIZE, 12), "w2": draw(12, LOGITS)} | (weights or {}), opset))


ONE = {"scale": np.ones(12, np.float32), "shift": draw(12), "mean": draw(12), "var": np.abs(draw(12)) + 1}
ROWS = {"rows": ints(0, 3, 4), "flat": ints(0, 12), "ax": ints(1), "reps": ints(1, 2), "along": np.array(1, np.int64)}
BENT = "Elu Selu Celu HardSigmoid HardSwish LeakyRelu Softplus Softsign ThresholdedRelu"
WAVES = "Atan Sin Asinh Cos Erf Sinh Tanh Asin Round"


def each(operators):
    """Steps of these operators, one after the other."""
    return [(op, {}, ()) for op in operators.split()]


def attention():
    """The operator of opset 23 over four tokens of a row."""
    nodes = [
        node("MatMul", "observation,w1", "x"),
        node("Reshape", "x,tokens", "t"),
        node("Attention", "t,t,t", "a", q_num_heads=2, kv_num_heads=2),
        node("Flatten", "a", "f", axis=1),
        node("MatMul", "f,w2", "logits"),
    ]
    return Case(model(nodes, {"w1": draw(SIZE, 16), "tokens": ints(0, 4, 4), "w2": draw(16, LOGITS)}, 23, ir_version=11))


def table():
    """A policy that looks a row up, in two ways."""
    nodes = [
        node("Slice", "observation,from,to,ax", "word"),
        node("ArgMax", "word", "which", axis=1, keepdims=1),
        node("GatherND", "w,which", "row"),
        node("ArgMax", "word", "flat", axis=1, keepdims=0),
        node("OneHot", "flat,depth,onoff", "hot"),
        node("MatMul", "hot,w", "again"),
        node("Sum", "row,again", "logits"),
    ]
    weights = {
        "from": ints(42),
        "to": ints(48),
        "ax": ints(1),
        "w": draw(6, LOGITS),
        "depth": ints(6),
        "onoff": np.array([0, 1], np.float32),
    }
    return Case(model(nodes, weights, 13))


def logic():
    """Rules by comparisons alone, as a decision tree is written out."""
    nodes = [
        node("ReduceMin", "observation", "low", axes=[1], keepdims=1),
        node("Less", "low,zero", "a"),
        node("Greater", "low,minus", "b"),
        node("And", "a,b", "c"),
        node("Not", "c", "d"),
        node("Or", "d,a", "e"),
        node("Xor", "e,c", "f"),
        node("Where", "f,left,right", "logits"),
    ]
    weights = {
        "zero": np.zeros(1, np.float32),
        "minus": np.full(1, -0.9, np.float32),
        "left": draw(1, LOGITS),
        "right": draw(1, LOGITS, seed=1),
    }
    return Case(model(nodes, weights, 12))


def dropout():
    """A dropout that was left in the graph, which does nothing when a policy acts."""
    return chain(("Dropout", {"seed": 1}, ()), opset=13)


OPERATORS: dict[str, Callable[[], Case]] = {
    "batch-normalisation-9": lambda: chain(("BatchNormalization", {}, tuple(ONE)), weights=ONE, opset=9),
    "batch-normalisation-15": lambda: chain(("BatchNormalization", {"training_mode": 0}, tuple(ONE)), weights=ONE, opset=15),
    "layer-normalisation-17": lambda: chain(("LayerNormalization", {"axis": -1}, ("scale", "shift")), weights=ONE),
    "rms-normalisation-23": lambda: chain(("RMSNormalization", {"axis": -1}, ("scale",)), weights=ONE, opset=23),
    "lp-normalisation-22": lambda: chain(("LpNormalization", {"axis": 1, "p": 2}, ()), opset=22),
    "activations-15": lambda: chain(*each(BENT), ("Shrink", {"lambd": 0.01, "bias": 0.01}, ()), opset=15),
    "activations-24": lambda: chain(("Gelu", {"approximate": "tanh"}, ()), ("Mish", {}, ()), ("Swish", {"alpha": 1.1}, ()), opset=24),
    "trigonometry-22": lambda: chain(*each(WAVES), opset=22),
    "pool-of-rays-22": lambda: chain(
        ("Reshape", {}, ("rows",)),
        ("Conv", {"pads": [1, 1]}, ("kernel", "bias")),
        ("AveragePool", {"kernel_shape": [3], "pads": [1, 1]}, ()),
        ("MaxPool", {"kernel_shape": [3], "pads": [1, 1]}, ()),
        ("Reshape", {}, ("flat",)),
        weights=ROWS | {"kernel": draw(3, 3, 3), "bias": draw(3)},
        opset=22,
    ),
    "pieces-18": lambda: chain(
        ("Pad", {}, ("pads",)),
        ("Slice", {}, ("from", "to", "ax")),
        ("Tile", {}, ("reps",)),
        ("TopK", {"axis": 1}, ("many",)),
        weights=ROWS | {"pads": ints(0, 2, 0, 2), "from": ints(2), "to": ints(14), "many": ints(12)},
        opset=18,
    ),
    "sums-20": lambda: chain(("CumSum", {}, ("along",)), ("LogSoftmax", {"axis": 1}, ()), weights=ROWS, opset=20),
    "lower-triangle-14": lambda: chain(
        ("Reshape", {}, ("rows",)),
        ("Trilu", {"upper": 0}, ()),
        ("Einsum", {"equation": "bij,jk->bik"}, ("kernel",)),
        ("Reshape", {}, ("flat",)),
        weights=ROWS | {"kernel": draw(4, 4)},
        opset=14,
    ),
    "instance-normalisation-22": lambda: chain(
        ("Reshape", {}, ("rows",)),
        ("InstanceNormalization", {}, ("scale3", "shift3")),
        ("Reshape", {}, ("flat",)),
        weights=ROWS | {"scale3": draw(3), "shift3": draw(3)},
        opset=22,
    ),
    "group-normalisation-21": lambda: chain(("GroupNormalization", {"num_groups": 3}, ("scale", "shift")), weights=ONE, opset=21),
    "scores-hard-13": lambda: chain(("Hardmax", {"axis": 1}, ()), ("Cast", {"to": TensorProto.DOUBLE}, ()), ("Cast", {"to": FLOAT}, ())),
    "dropout-13": dropout,
    "attention-23": attention,
    "table-13": table,
    "tree-12": logic,
}
CASES = {f"operator-{name}": make for name, make in OPERATORS.items()}
