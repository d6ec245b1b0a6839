"""Graphs that may not be played are refused with a sentence, inside the sandbox; honest ones are accepted."""

import numpy as np
import pytest

from avatarium.agents.exported import OnnxPolicy, PolicyError
from avatarium.leaderboards import gates, probes
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
    (lambda b: edited(b, lambda m: m.graph.initializer.append(m.graph.initializer[0])), "two weights of one name"),
    (lambda b: edited(b, lambda m: m.ClearField("ir_version")), "names no version"),
    (lambda b: edited(b, lambda m: m.graph.initializer[0].dims.append(2**31)), "impossible shape"),
    (lambda b: b.onnx([b.node("Cast", "observation", "logits", to=8)]), "casts to something"),
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
            assert set(probe(policy, role)) == {"us_batch_1", "us_batch_256"}
            assert policy.facts["opset"] == 17
            assert policy.audited


def test_what_a_policy_costs_is_counted_where_weights_tell_it(build):
    assert gates.check(build.onnx(), *DUE)["flops"] == 2 * 6 * 5
    shapes = {"observation": (6,), "state_in_h": (4,)}, {"logits": (5,), "state_out_h": (4,)}
    assert gates.check(build.memory(), *shapes)["flops"] == 2 * (6 * 4 + 4 * 5)
    kernel, pads = build.weight("k", np.ones((1, 1, 3, 3), np.float32)), [1, 1, 1, 1]
    conv = build.onnx([build.node("MatMul", "observation w", "logits"), build.node("Conv", "x k", "y", pads=pads)], [kernel])
    assert "flops" not in gates.check(conv, *DUE)


def test_weights_are_known_again_under_other_names_and_in_another_order(build):
    def fingerprint(*weights, **more):
        return gates.check(
            build.onnx(weights=[build.weight(name, np.full(3, number, np.float32)) for name, number in weights], **more), *DUE
        )["weights"]

    assert fingerprint(("a", 1), ("b", 2)) == fingerprint(("y", 2), ("x", 1))
    assert fingerprint(("a", 1), ("b", 2)) != fingerprint(("a", 1), ("b", 3))


class Moody:
    """A policy whose answers are a number more each time it is asked."""

    name = "moody"

    def __init__(self, manifest, each_time):
        self.manifest, self.each_time, self.mood = manifest, each_time, 0.0

    initial_state, check_answer = OnnxPolicy.initial_state, OnnxPolicy.check_answer

    def infer(self, arrays):
        self.mood += self.each_time
        return [np.full((len(arrays[0]), 5), self.mood, np.float32)]


def test_answers_that_differ_in_one_bit_from_time_to_time_are_refused(role, manifest):
    probes.check_repeat(Moody(manifest, 0.0), role)
    with pytest.raises(PolicyError, match="the same input twice gives two answers"):
        probes.check_repeat(Moody(manifest, 1e-7), role)


def test_answers_that_differ_from_process_to_process_are_refused(role, manifest):
    probes.compare_processes(Moody(manifest, 1.0), Moody(manifest, 1.0), role)
    with pytest.raises(PolicyError, match="two processes that run it give two answers"):
        probes.compare_processes(Moody(manifest, 1.0), Moody(manifest, 1.0 + 1e-6), role)


class Whispering(Moody):
    """A policy that lets a trace of what the others see into its memory, and makes much of it from step to step."""

    def infer(self, arrays):
        seen, state = arrays
        state = np.sin(3.0 * state + seen[:, :4] + self.each_time * seen.mean()).astype(np.float32)
        return [np.repeat(state[:, :1], 5, axis=1), state]


def test_a_leak_too_small_to_see_in_one_step_is_seen_in_many(role, memory_manifest):
    probes.check_memory(Whispering(memory_manifest, 0.0), role)
    probes.check_rows(Whispering(memory_manifest, 1e-5), role)
    with pytest.raises(PolicyError, match="memory of one avatar depends on the other"):
        probes.check_memory(Whispering(memory_manifest, 1e-5), role)
