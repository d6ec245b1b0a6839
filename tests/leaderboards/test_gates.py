"""Graphs that may not be played are refused with a sentence, inside the sandbox; honest ones are accepted."""

import numpy as np
import pytest

from avatarium.agents.exported import PolicyError
from avatarium.leaderboards import gates
from avatarium.leaderboards.probes import probe
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
helper = onnx.helper
DUE = {"observation": (6,)}, {"logits": (5,)}


def edited(b, change, **kwargs):
    model = b.model(**kwargs)
    change(model)
    return model.SerializeToString()


def external(model):
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def lying(model):
    model.graph.initializer[0].dims[:] = [100_000, 1_000_000]


def loop(b):
    body = helper.make_graph([b.node("Identity", "c", "d")], "body", [b.value("c", 1)], [b.value("d", 1)])
    return b.onnx([b.node("Loop", "n observation", "logits", body=body)])


def function(model):
    model.functions.add(name="f", domain="")


def sparse(model):
    model.graph.sparse_initializer.add()


def values(b, number):
    return b.onnx([b.node("MatMul", "observation v", "logits")], [b.weight("v", np.full((6, 5), number, np.float32))])


def mangled_input(b, *shape, name="observation", kind=1):
    return b.onnx(inputs=[b.value(name, *shape, kind=kind)])


STATIC = [
    (lambda b: b.onnx()[:-40], "damaged or cut off"),
    (lambda b: b"\x08" + bytes(range(256)), "damaged or cut off"),
    (lambda b: b"\x08\x08", "holds no graph"),
    (lambda b: b.onnx(domain="com.evil"), "operator domain 'com.evil'"),
    (lambda b: b.onnx([b.node("MatMul", "observation w", "logits", domain="com.microsoft")]), "operator domain 'com.microsoft'"),
    (lambda b: b.onnx([b.node("RandomNormalLike", "observation", "logits")]), "the operator 'RandomNormalLike'"),
    (lambda b: b.onnx([b.node("Bernoulli", "observation", "logits")]), "the operator 'Bernoulli'"),
    (lambda b: b.onnx([b.node("Nonsense", "observation", "logits")]), "the operator 'Nonsense'"),
    (loop, "branches and loops"),
    (lambda b: edited(b, function), "functions"),
    (lambda b: edited(b, sparse), "sparse"),
    (lambda b: edited(b, external), "weights in other files"),
    (lambda b: edited(b, lying), "not as many values"),
    (lambda b: values(b, np.nan), "not finite"),
    (lambda b: values(b, np.inf), "not finite"),
    (lambda b: b.onnx(weights=[b.weight("t", np.array(["x"], object))]), "neither of floats"),
    (lambda b: b.onnx(weights=[b.weight("big", np.zeros(8_000_001, np.float16))]), "8,000,031 elements"),
    (lambda b: b.onnx([b.node("Relu", "observation", "logits") for _ in range(4097)]), "4097 nodes"),
    (lambda b: b.onnx([b.node("MatMul", "observation w", "l" * 500)]), "longer than 200"),
    (lambda b: b.onnx(opset=8), "one opset, 9 or later"),
    (lambda b: mangled_input(b, "batch", 6, name="obs"), "inputs are 'obs', but the manifest asks for 'observation'"),
    (lambda b: mangled_input(b, "batch", 7), r"shape \[\?, 7\], but it has to be \[batch, 6\]"),
    (lambda b: mangled_input(b, 6), "has to be"),
    (lambda b: mangled_input(b, 1, 6), "fixed to 1 rows"),
    (lambda b: mangled_input(b, "batch", 6, kind=onnx.TensorProto.DOUBLE), "float32"),
    (lambda b: b.onnx(outputs=[b.value("action", "batch", 5)]), "outputs are 'action'"),
    (lambda b: b.onnx(outputs=[b.value("logits", "batch", 4)]), r"shape \[\?, 4\]"),
    (lambda b: b.onnx(outputs=[b.value("logits", "batch", 5), b.value("spy", 1)]), "'logits', 'spy'"),
    (lambda b: edited(b, lambda m: m.graph.node[0].attribute.add(name="training_mode", type=2, i=1)), "training mode"),
]


@pytest.mark.parametrize(("make", "says"), STATIC)
def test_static_gates_refuse(make, says, build):
    with pytest.raises(gates.GateError, match=says) as caught:
        gates.check(make(build), *DUE)
    assert "\n" not in str(caught.value)


def bomb(b):
    """A few bytes that ask for 40 GB."""
    nodes = [
        b.node("ConstantOfShape", "huge", "z"),
        b.node("ReduceSum", "z", "s", keepdims=0),
        b.node("MatMul", "observation w", "m"),
        b.node("Add", "m s", "logits"),
    ]
    return b.onnx(nodes, [b.weight("huge", np.array([10_000, 1_000_000], np.int64))])


def cycle(b):
    return b.onnx([b.node("Add", "a observation", "b"), b.node("Relu", "b", "a"), b.node("MatMul", "a w", "logits")])


def added(b, *extra, weights=()):
    """``observation @ w`` plus something that ``extra`` computes as ``e``."""
    nodes = [b.node("MatMul", "observation w", "m"), *extra, b.node("Add", "m e", "logits")]
    return b.onnx(nodes, list(weights))


DYNAMIC = [
    (bomb, "the graph failed|cannot load"),
    (cycle, "cannot load"),
    (lambda b: b.onnx([b.node("MatMul", "w observation", "logits")]), "cannot load|failed"),
    (lambda b: b.onnx([b.node("MatMul", "observation w", "x")]), "cannot load"),
    (lambda b: b.onnx([b.node("MatMul", "observation w", "m"), b.node("Log", "m", "logits")]), "not finite"),
    (lambda b: b.onnx([b.node("MatMul", "observation w", "m"), b.node("Exp", "m", "logits")]), "not finite"),
    (lambda b: added(b, b.node("ReduceMean", "m", "e", axes=[0])), "depends on"),
    (lambda b: added(b, b.node("ReduceMax", "m", "e", axes=[0])), "depends on"),
    (lambda b: added(b, b.node("Softmax", "m", "e", axis=0)), "depends on"),
    (lambda b: added(b, b.node("CumSum", "m z", "e"), weights=[b.weight("z", np.array(0, np.int64))]), "depends on"),
    (
        lambda b: added(
            b, b.node("Shape", "m", "s"), b.node("Cast", "s", "f", to=1), b.node("ReduceMean", "f", "e", keepdims=0), weights=()
        ),
        "depends on how many avatars",
    ),
    (
        lambda b: b.onnx(
            [b.node("MatMul", "observation w", "m"), b.node("Concat", "m m", "logits", axis=1)],
            outputs=[onnx.helper.make_tensor_value_info("logits", 1, None)],
        ),
        r"instead of float32 \[",
    ),
]


@pytest.mark.parametrize(("make", "says"), DYNAMIC)
def test_what_the_static_gates_cannot_see_is_found_by_asking(make, says, build, role, manifest):
    with pytest.raises(PolicyError, match=says) as caught, SandboxedPolicy(manifest, make(build), role) as policy:
        probe(policy, role)
    assert "\n" not in str(caught.value)


def test_a_state_that_grows_is_refused(build, role, memory_manifest):
    with pytest.raises(PolicyError, match="grows beyond"), SandboxedPolicy(memory_manifest, build.memory("Add"), role) as policy:
        probe(policy, role)


def test_honest_policies_pass(build, role, manifest, memory_manifest):
    for content, paper in ((build.onnx(), manifest), (build.memory(), memory_manifest)):
        with SandboxedPolicy(paper, content, role) as policy:
            assert probe(policy, role) < 1.0
            assert policy.facts["opset"] == 17
