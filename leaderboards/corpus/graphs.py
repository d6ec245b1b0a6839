"""Graphs that break a rule, and files that are hardly graphs: what the gates refuse before anything is loaded."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.leaderboards.corpus import stopped
from avatarium.leaderboards.corpus.building import (
    LOGITS,
    OBSERVATION,
    added,
    choices,
    features,
    helper,
    model,
    node,
    submission,
    value,
    weight,
)

DOUBLE, STRING = 11, 8
ODD_OPERATORS = """
    RandomNormalLike RandomUniform Bernoulli Multinomial NonZero Unique Compress Upsample Scan SequenceMap Optional
    StringNormalizer TfIdfVectorizer RegexFullMatch ImageDecoder QLinearMatMul DynamicQuantizeLinear QuantizeLinear Det
    NonMaxSuppression RoiAlign GridSample Scatter Bitshift BitwiseAnd STFT HannWindow Evil relu
"""
FLOAT8, INT4, BFLOAT16, COMPLEX = 17, 22, 16, 14


def changed(change: Callable[[Any], Any]) -> bytes:
    """An honest graph after ``change``."""
    graph = model()
    change(graph)
    return submission(graph)


@stopped("gates", "damaged or cut off", {"half": 0.5, "end": 0.99})
def cut(share: float) -> bytes:
    """A graph that is not whole."""
    content = model().SerializeToString()
    return submission(content[: int(share * len(content))])


@stopped(
    "gates",
    "damaged or cut off|holds no graph",
    {
        "noise": b"\x08" + np.random.default_rng(0).bytes(20_000),
        "version-alone": b"\x08\x08",
        "groups": b"\x08\x08" + b"\x0b" * 50_000,
        "long-number": b"\x08" + b"\xff" * 1000,
        "length-beyond-end": b"\x08\x08\x3a\xff\xff\xff\xff\x07",
        "nested": b"\x08\x08" + b"\x3a\x05\x0a\x03\x2a\x01\x32" * 9000,
        "no-nodes": b"\x08\x08\x3a\x00",
        "wrong-wire-type": b"\x08\x08\x3d\x00\x00\x00\x00",
    },
)
def hardly_protobuf(content: bytes) -> bytes:
    """Bytes for the parser of protobuf to trip over."""
    return submission(content)


@stopped("gates", "damaged or cut off")
def deep_graphs() -> bytes:
    """A graph in an attribute of a graph, very many times over."""
    inner = b""
    for _ in range(3000):
        attribute = b"\x32" + _length(inner) + inner
        made = b"\x2a" + _length(attribute) + attribute
        inner = b"\x0a" + _length(made) + made
    return submission(b"\x08\x08\x3a" + _length(inner) + inner)


def _length(content: bytes) -> bytes:
    size, out = len(content), b""
    while size > 127:
        out, size = out + bytes([size & 127 | 128]), size >> 7
    return out + bytes([size])


@stopped("gates", "operator domain", {"own": "com.evil", "microsoft": "com.microsoft", "ml": "ai.onnx.ml", "long": "x" * 10_000})
def domain_of_the_model(name: str) -> bytes:
    """Operators of somebody's own, which would be looked up in a library."""
    return submission(model(domain=name))


@stopped("gates", "operator domain", {"own": "com.evil", "microsoft": "com.microsoft", "training": "ai.onnx.preview.training"})
def domain_of_a_node(name: str) -> bytes:
    """The same, for one node."""
    return added(node("Relu", "m", "e", domain=name))


@stopped(
    "gates",
    "which is not one of those",
    {name: name for name in ODD_OPERATORS.split()},
)
def operator(name: str) -> bytes:
    """An operator that draws random numbers, reads text, branches, or does not exist."""
    return added(node(name, "m", "e"))


@stopped("gates", "branches and loops", {"loop": "Loop", "if": "If", "scan": "Scan", "honest-name": "Relu"})
def inner_graph(op: str) -> bytes:
    """A graph within the graph, which may run for ever."""
    body = helper().make_graph([node("Identity", "c", "d")], "body", [value("c", 1)], [value("d", 1)])
    return added(node(op, "m", "e", body=body))


@stopped(
    "gates",
    "functions or training graphs",
    {
        "function": lambda m: m.functions.add(name="Relu", domain=""),
        "own-function": lambda m: m.functions.add(name="f", domain="com.evil"),
        "training": lambda m: m.training_info.add(),
    },
)
def more_than_a_graph(change: Callable[[Any], Any]) -> bytes:
    """Operators made of operators, or a graph that trains."""
    return changed(change)


def _external(location: str, by_flag: bool = True) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        tensor = graph.graph.initializer[0]
        tensor.ClearField("raw_data")
        if by_flag:
            tensor.data_location = 1
        tensor.external_data.add(key="location", value=location)

    return change


@stopped(
    "gates",
    "weights in other files",
    {
        "passwords": _external("/etc/passwd"),
        "parent": _external("../../etc/passwd"),
        "memory": _external("/proc/self/mem"),
        "device": _external("/dev/zero"),
        "address": _external("*/_ORT_MEM_ADDR_/*"),
        "without-flag": _external("weights.bin", by_flag=False),
        "empty": _external(""),
    },
)
def external_weights(change: Callable[[Any], Any]) -> bytes:
    """Weights that would be read from a file, or from memory, of the judge."""
    return changed(change)


def _shaped(*dims: int) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        graph.graph.initializer[0].dims[:] = dims

    return change


@stopped(
    "gates",
    "not as many values|impossible shape",
    {
        "larger": _shaped(100_000, 1000),
        "smaller": _shaped(2, 2),
        "overflow": _shaped(2**32, 2**32),
        "overflow-to-size": _shaped(2**62, 4, 60),
        "negative": _shaped(-12, -5),
        "least": _shaped(-(2**63), 2),
        "zero-times-huge": _shaped(0, 2**62, 2**62),
        "nine-axes": _shaped(*[1] * 7, 12, 5),
        "no-axes": _shaped(),
    },
)
def lying_shape(change: Callable[[Any], Any]) -> bytes:
    """A tensor whose shape is not that of its values."""
    return changed(change)


@stopped("gates", "not as many values|impossible shape")
def segment() -> bytes:
    """A tensor that says it is a piece of a larger one."""
    return changed(lambda m: m.graph.initializer[0].segment.CopyFrom(type(m.graph.initializer[0].segment)(begin=0, end=1)))


@stopped("gates", "holds sparse tensors|attribute of a kind", {"initializer": True, "attribute": False})
def sparse(initializer: bool) -> bytes:
    """A tensor by a list of its places, which may lie outside."""
    if initializer:
        return changed(lambda m: m.graph.sparse_initializer.add())
    graph = model([node("Constant", "", "e"), node("Add", "m e", LOGITS)])
    graph.graph.node[1].attribute.add(name="sparse_value", type=11).sparse_tensor.dims.append(3)
    return submission(graph)


@stopped(
    "gates",
    "neither of floats",
    {"text": STRING, "float8": FLOAT8, "int4": INT4, "bfloat16": BFLOAT16, "complex": COMPLEX, "none": 0},
)
def element_type(kind: int) -> bytes:
    """Weights of types that inference does not take."""
    return changed(lambda m: setattr(m.graph.initializer[0], "data_type", kind))


@stopped("gates", "casts to something", {"text": STRING, "float8": FLOAT8, "bfloat16": BFLOAT16, "none": 0, "unknown": 999})
def cast(kind: int) -> bytes:
    """Values that become text, or lose all their bits, on the way."""
    return added(node("Cast", "m", "t", to=kind), node("Cast", "t", "e", to=1))


@stopped("gates", "not finite", {"nan": np.nan, "infinity": np.inf, "minus": -np.inf})
def weights_that_are_no_numbers(number: float) -> bytes:
    """NaN among the weights, which spreads to whatever it meets."""
    return added(node("Add", "m v", "e"), weights=[weight("v", np.full(choices(), number))])


@stopped("gates", "not finite")
def constant_that_is_no_number() -> bytes:
    """The same in an attribute."""
    return added(node("Constant", "", "c", value=weight("c", np.full(choices(), np.nan))), node("Add", "m c", "e"))


@stopped("gates", "elements; a policy may have")
def many_weights() -> bytes:
    """More weights than anybody may have, all zero, so that they compress to nothing."""
    return added(node("Identity", "m", "e"), weights=[weight("v", np.zeros((2, 4_000_001), np.float16))])


@stopped("gates", "nodes; a policy may have", {"5,000": 5000, "200,000": 200_000})
def many_nodes(count: int) -> bytes:
    """More nodes than anybody may have."""
    graph = model()
    one = node("Relu", "m", "").SerializeToString()
    return submission(graph.SerializeToString() + b"\x3a" + _length(_entries(one, count)) + _entries(one, count))


def _entries(one: bytes, count: int) -> bytes:
    return (b"\x0a" + _length(one) + one) * count


@stopped("gates", "names longer", {"node": "name", "output": "output"})
def long_name(where: str) -> bytes:
    """A name that fills every message it is in."""
    graph = model()
    if where == "name":
        graph.graph.node[0].name = "x" * 10**6
    else:
        graph.graph.node[0].output[0] = "x" * 1000
    return submission(graph)


@stopped(
    "gates|loading",
    "one opset|cannot load",
    {
        "old": 8,
        "zero": 0,
        "negative": -1,
        "far-future": 2**31,
        "largest": 2**63 - 1,
    },
)
def opset(version: int) -> bytes:
    """A version of the operators that nobody knows."""
    return submission(model(opset=version))


@stopped("gates", "one opset", {"two": [17, 18], "old-and-new": [9, 20], "none": []})
def opsets(versions: list[int]) -> bytes:
    """Two versions at once, or none."""
    graph = model()
    del graph.opset_import[:]
    graph.opset_import.extend(helper().make_opsetid("", version) for version in versions)
    return submission(graph)


@stopped("gates", "in training mode")
def training_mode() -> bytes:
    """A layer that goes on learning."""
    names = "m s b a v"
    weights = [weight(name, np.ones(choices())) for name in names.split()[1:]]
    return added(node("BatchNormalization", names, "e x y", training_mode=1), weights=weights)


@stopped("gates", "in training mode")
def dropout_in_training() -> bytes:
    """A layer that leaves things out by chance."""
    return added(node("Dropout", "m r t", "e"), weights=[weight("r", np.float32(0.5)), weight("t", True, np.bool_)])


def _inputs(*found: Any) -> bytes:
    return submission(model(inputs=list(found)))


def _outputs(*found: Any) -> bytes:
    return submission(model(outputs=list(found)))


@stopped(
    "gates",
    "the graph's (input|output)",
    {
        "input-name": lambda: _inputs(value("obs", "batch", features())),
        "input-width": lambda: _inputs(value(OBSERVATION, "batch", features() + 1)),
        "input-fixed": lambda: _inputs(value(OBSERVATION, 1, features())),
        "input-no-batch": lambda: _inputs(value(OBSERVATION, features())),
        "input-three-axes": lambda: _inputs(value(OBSERVATION, "batch", "time", features())),
        "input-double": lambda: _inputs(value(OBSERVATION, "batch", features(), kind=DOUBLE)),
        "input-text": lambda: _inputs(value(OBSERVATION, "batch", features(), kind=STRING)),
        "input-secret": lambda: _inputs(value(OBSERVATION, "batch", features()), value("seed", 1)),
        "input-twice": lambda: _inputs(*[value(OBSERVATION, "batch", features())] * 2),
        "input-of-weights": lambda: submission(model([node("Identity", "m", LOGITS)], [weight(OBSERVATION, np.ones((1, features())))])),
        "input-negative": lambda: _inputs(value(OBSERVATION, "batch", -features())),
        "output-name": lambda: _outputs(value("m", "batch", choices())),
        "output-width": lambda: _outputs(value(LOGITS, "batch", choices() - 1)),
        "output-more": lambda: _outputs(value(LOGITS, "batch", choices()), value("m", "batch", choices())),
        "output-none": lambda: changed(lambda m: m.graph.ClearField("output")),
        "output-fixed": lambda: _outputs(value(LOGITS, 7, choices())),
        "memory-unsaid": lambda: _inputs(value(OBSERVATION, "batch", features()), value("state_in_h", "batch", 4)),
    },
)
def signature(make: Callable[[], bytes]) -> bytes:
    """Inputs or outputs that are not those of the manifest."""
    return make()


@stopped("gates", "attribute of a kind", {"tensors": "tensors", "types": "type_protos"})
def odd_attribute(kind: str) -> bytes:
    """An attribute of a kind that no allowed operator has."""

    def change(graph: Any) -> None:
        getattr(graph.graph.node[0].attribute.add(name="x", type=9 if kind == "tensors" else 14), kind).add()

    return changed(change)
