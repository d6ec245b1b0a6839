"""Graphs put together node by node with ``onnx.helper``: every opset, every way to store weights, operators that torch does not write."""

from collections.abc import Callable
from functools import partial

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from avatarium.agents.exported import StateShape
from honest.room import LOGITS, PILOT, PLAIN, SIZE, Case

OPSETS = range(9, 27)
FLOAT = TensorProto.FLOAT


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(","), outputs.split(","), **attributes)


def value(name, *shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(0.0, 0.3, shape).astype(np.float32)


def model(nodes, weights=(), opset=17, states=(), ir_version=8, imports=(), outputs=None, inputs=(), **extra):
    """A graph from ``observation`` and states to ``logits`` and states; ``weights`` are arrays by name, or tensors."""
    kept = [value(f"state_{way}_{state.name}", "batch", *state.shape) for way in ("in", "out") for state in states]
    tensors = [t if isinstance(t, TensorProto) else numpy_helper.from_array(np.asarray(t), n) for n, t in dict(weights).items()]
    graph = helper.make_graph(
        nodes,
        "policy",
        [value("observation", "batch", SIZE), *kept[: len(states)], *inputs],
        [*(outputs or [value("logits", "batch", LOGITS)]), *kept[len(states) :]],
        tensors,
    )
    found = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), *imports], ir_version=ir_version, **extra)
    return found.SerializeToString()


LINEAR = node("MatMul", "observation,w", "logits")
W = {"w": draw(SIZE, LOGITS)}


def perceptron(opset):
    nodes = [
        node("Gemm", "observation,w1,b1", "x", transB=1),
        node("Relu", "x", "y"),
        node("MatMul", "y,w2", "z"),
        node("Add", "z,b2", "logits"),
    ]
    return Case(model(nodes, {"w1": draw(12, SIZE), "b1": draw(12), "w2": draw(12, LOGITS), "b2": draw(LOGITS)}, opset))


def recurrent(op, gates, opset):
    """The operators of ONNX for a whole sequence, asked for one step: [1, batch, D] in and [1, 1, batch, H] out."""
    axes = opset >= 13
    kept = {"LSTM": ("h", "c")}.get(op, ("h",))
    weights = {"w": draw(1, gates * 6, SIZE), "r": draw(1, gates * 6, 6), "b": draw(1, gates * 12), "v": draw(6, LOGITS)}
    weights |= {"first": np.array([0], np.int64)} if axes else {}

    def lift(way, inputs, outputs):
        return node(way, f"{inputs},first", outputs) if axes else node(way, inputs, outputs, axes=[0])

    nodes = [lift("Unsqueeze", "observation", "x"), *(lift("Unsqueeze", f"state_in_{k}", f"{k}0") for k in kept)]
    nodes += [node(op, "x,w,r,b,," + ",".join(f"{k}0" for k in kept), "," + ",".join(f"{k}1" for k in kept), hidden_size=6)]
    nodes += [lift("Squeeze", f"{k}1", f"state_out_{k}") for k in kept]
    nodes += [node("MatMul", "state_out_h,v", "logits")]
    states = tuple(StateShape(k, (6,)) for k in kept)
    return Case(model(nodes, weights, opset, states), states)


def ints(*numbers):
    return np.array(numbers, np.int64)


def stored(way):
    """The same weights, kept in one of the ways in which tools keep them."""
    w, nodes, weights = W["w"], [LINEAR], {}
    if way == "plain-list":
        weights = {"w": helper.make_tensor("w", FLOAT, w.shape, w.ravel().tolist())}
    elif way == "constant-node":
        nodes = [helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(w)), LINEAR]
    elif way in ("half", "double"):
        weights = {"small": w.astype(np.float16 if way == "half" else np.float64)}
        nodes = [node("Cast", "small", "w", to=FLOAT), LINEAR]
    elif way == "constant-floats":
        nodes = [
            helper.make_node("Constant", [], ["row"], value_floats=[0.1] * LOGITS),
            node("MatMul", "observation,w", "x"),
            node("Mul", "x,row", "logits"),
        ]
        weights = W
    elif way == "constant-of-shape":
        weights = {"shape": ints(SIZE, LOGITS)}
        nodes = [node("ConstantOfShape", "shape", "w", value=helper.make_tensor("v", FLOAT, [1], [0.02])), LINEAR]
    elif way == "input-too":
        return Case(model(nodes, W, 11, ir_version=3, inputs=[value("w", SIZE, LOGITS)]))
    return Case(model(nodes, weights))


def dressed():
    """Everything that tools write around a graph: descriptions, metadata, shapes in between, names like paths."""
    nodes = [node("MatMul", "observation,/net/0/weight", "/net/0/MatMul_output_0"), node("Identity", "/net/0/MatMul_output_0", "logits")]
    nodes[0].name, nodes[0].doc_string = "/net/0/MatMul", "policy.py(12): forward"
    weights = {"/net/0/weight": W["w"]}
    found = {"producer_name": "a lab", "producer_version": "0.1", "doc_string": "walks", "model_version": 3}
    graph = helper.make_graph(
        nodes,
        "main_graph",
        [value("observation", "N", SIZE)],
        [value("logits", "N", LOGITS)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
        doc_string="a graph",
        value_info=[value("/net/0/MatMul_output_0", "N", LOGITS)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx", 17)], ir_version=10, **found)
    helper.set_model_props(made, {"steps": "1000000", "author": "Ada"})
    return Case(made.SerializeToString())


def imports_more():
    """Domains that are imported and not used, as tf2onnx and others write them."""
    return Case(model([LINEAR], W, imports=[helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("com.microsoft", 1)]))


def quantised():
    """Weights of 8 bits, made into floats before they are used."""
    w = W["w"]
    scale = np.abs(w).max() / 127
    weights = {"small": np.round(w / scale).astype(np.int8), "scale": np.float32(scale), "zero": np.int8(0)}
    return Case(model([node("DequantizeLinear", "small,scale,zero", "w"), LINEAR], weights, 19))


def unnamed_axes():
    """Axes without names or lengths, and an output that does not tell its shape, as old tools write them."""
    bare = helper.make_tensor_value_info("logits", FLOAT, None)
    return Case(model([LINEAR], W, 9, ir_version=4, outputs=[bare]))


def controls():
    """Continuous control: a mean, and a deviation that is a constant, one for each row."""
    nodes = [
        node("Gemm", "observation,w,b", "mean"),
        node("Shape", "mean", "shape"),
        node("Expand", "spread,shape", "log_std"),
    ]
    weights = {"w": draw(SIZE, 2), "b": draw(2), "spread": np.full((1, 2), -0.5, np.float32)}
    return Case(model(nodes, weights, outputs=[value("mean", "batch", 2), value("log_std", "batch", 2)]), role=PILOT)


def leaky_memory():
    """A running mean of what was seen, by Mul and Add alone."""
    nodes = [
        node("Slice", "observation,from,to,ax", "seen"),
        node("Mul", "state_in_mean,keep", "a"),
        node("Mul", "seen,take", "b"),
        node("Add", "a,b", "state_out_mean"),
        node("MatMul", "state_out_mean,w", "logits"),
    ]
    weights = {"from": ints(0), "to": ints(PLAIN), "ax": ints(1), "w": draw(PLAIN, LOGITS)}
    weights |= {"keep": np.array(0.9, np.float32), "take": np.array(0.1, np.float32)}
    states = (StateShape("mean", (PLAIN,)),)
    return Case(model(nodes, weights, 13, states), states)


WAYS = ("plain-list", "constant-node", "half", "double", "constant-floats", "constant-of-shape", "input-too")
CASES: dict[str, Callable[[], Case]] = {
    **{f"perceptron-by-hand-{opset}": partial(perceptron, opset) for opset in OPSETS},
    **{
        f"{op}-operator-{opset}": partial(recurrent, op, gates, opset)
        for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1))
        for opset in (9, 14, 22)
    },
    **{f"weights-{way}": partial(stored, way) for way in WAYS},
    "dressed-17": dressed,
    "imports-more-17": imports_more,
    "quantised-19": quantised,
    "unnamed-axes-9": unnamed_axes,
    "controls-by-hand-17": controls,
    "leaky-memory-13": leaky_memory,
}
