"""Running an exported network: one thread, no telemetry, no rewriting of the graph."""

import os
from typing import Any

import numpy as np

from avatarium.worlds.core.errors import need

PREFIX_IN, PREFIX_OUT = "state_in_", "state_out_"


def runtime() -> Any:
    """The onnxruntime module, told not to report home, which it would begin to do when imported. UserError where it is missing."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    return need("onnxruntime", extra="leaderboards")


class Session:
    """An ONNX graph that is ready to run. Without optimisation passes: they have crashed on crafted graphs and gain little here."""

    def __init__(self, onnx_bytes: bytes, states: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        ort = runtime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        self.graph = ort.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
        self.inputs = ("observation", *(PREFIX_IN + name for name in states))
        self.outputs = [*outputs, *(PREFIX_OUT + name for name in states)]

    def run(self, arrays: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """Outputs, then new states, for the observation float32 [B, D] and the states float32 [B, ...] in ``arrays``."""
        found: list[np.ndarray] = self.graph.run(self.outputs, dict(zip(self.inputs, arrays, strict=True)))
        return found
