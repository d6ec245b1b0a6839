"""Graphs written as Python functions that ``onnxscript`` translates."""

from collections.abc import Callable
from functools import partial

import numpy as np
from onnx import numpy_helper
from onnxscript import FLOAT, script
from onnxscript import opset15 as op15
from onnxscript import opset18 as op18
from onnxscript import opset21 as op21

from avatarium.agents.exported import StateShape
from honest.by_helper import draw
from honest.room import LOGITS, SIZE, Case

W1, B1 = numpy_helper.from_array(draw(SIZE, 8), "w1"), numpy_helper.from_array(draw(8), "b1")
W2, U = numpy_helper.from_array(draw(8, LOGITS), "w2"), numpy_helper.from_array(draw(8, 8), "u")
AXIS = numpy_helper.from_array(np.array([1], np.int64), "axis")


@script(op15, default_opset=op15)
def perceptron(observation: FLOAT["N", 240]) -> FLOAT["N", 5]:  # noqa: F821
    weight = op15.Constant(value=W1)
    hidden = op15.Tanh(op15.MatMul(observation, weight) + op15.Constant(value=B1))
    return op15.MatMul(hidden, op15.Constant(value=W2))


@script(op18, default_opset=op18)
def gated(observation: FLOAT["N", 240]) -> FLOAT["N", 5]:  # noqa: F821
    seen = op18.MatMul(observation, op18.Constant(value=W1))
    swish = seen * op18.Sigmoid(1.7 * seen)
    size = op18.ReduceL2(swish, op18.Constant(value=AXIS), keepdims=1) + 1.0
    return op18.MatMul(swish / size, op18.Constant(value=W2))


@script(op21, default_opset=op21)
def remembering(observation: FLOAT["N", 240], state_in_h: FLOAT["N", 8]):  # noqa: F821
    seen = op21.MatMul(observation, op21.Constant(value=W1))
    state_out_h = op21.Tanh(seen + op21.MatMul(state_in_h, op21.Constant(value=U)))
    logits = op21.MatMul(state_out_h, op21.Constant(value=W2))
    return logits, state_out_h


FUNCTIONS = {"perceptron-15": perceptron, "gated-18": gated, "remembering-21": remembering}


def translated(name: str) -> Case:
    states = (StateShape("h", (8,)),) if name.startswith("remembering") else ()
    found = FUNCTIONS[name].to_model_proto(io_types=FLOAT["N", None], ir_version=10)
    for value, wanted in zip(found.graph.output, ("logits", "state_out_h"), strict=False):
        for node in found.graph.node:
            node.input[:] = [wanted if known == value.name else known for known in node.input]
            node.output[:] = [wanted if known == value.name else known for known in node.output]
        value.name = wanted
    return Case(found.SerializeToString(), states)


CASES: dict[str, Callable[[], Case]] = {f"script-{name}": partial(translated, name) for name in FUNCTIONS}
