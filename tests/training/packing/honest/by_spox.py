"""Graphs built by ``spox``, value by value."""

from collections.abc import Callable

import numpy as np
import spox
import spox.opset.ai.onnx.v17 as op17
import spox.opset.ai.onnx.v20 as op20
import spox.opset.ai.onnx.v22 as op22

from avatarium.agents.exported import StateShape
from honest.by_helper import draw
from honest.room import LOGITS, SIZE, Case


def seen(*lengths: int) -> spox.Var:
    return spox.argument(spox.Tensor(np.float32, ("N", *lengths)))


def built(inputs: dict[str, spox.Var], outputs: dict[str, spox.Var], states: tuple[StateShape, ...] = ()) -> Case:
    return Case(spox.build(inputs, outputs).SerializeToString(), states)


def perceptron() -> Case:
    observation = seen(SIZE)
    hidden = op17.relu(op17.gemm(observation, op17.const(draw(SIZE, 8)), op17.const(draw(8))))
    return built({"observation": observation}, {"logits": op17.matmul(hidden, op17.const(draw(8, LOGITS)))})


def gelu() -> Case:
    observation = seen(SIZE)
    hidden = op20.gelu(op20.matmul(observation, op20.const(draw(SIZE, 8))), approximate="none")
    return built({"observation": observation}, {"logits": op20.matmul(hidden, op20.const(draw(8, LOGITS)))})


def remembering() -> Case:
    observation, h = seen(SIZE), seen(8)
    after = op22.tanh(op22.add(op22.matmul(observation, op22.const(draw(SIZE, 8))), op22.matmul(h, op22.const(draw(8, 8)))))
    outputs = {"logits": op22.matmul(after, op22.const(draw(8, LOGITS))), "state_out_h": after}
    return built({"observation": observation, "state_in_h": h}, outputs, (StateShape("h", (8,)),))


CASES: dict[str, Callable[[], Case]] = {"spox-perceptron-17": perceptron, "spox-gelu-20": gelu, "spox-remembering-22": remembering}
