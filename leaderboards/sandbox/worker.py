"""The locked process: import, lock, then take one model and answer observations until the host hangs up.

Nothing of the worlds or agents is imported here: what is not in the process cannot be misused.
"""

import importlib
import json
import math
import signal
import sys
from typing import Any

import numpy as np

from avatarium.leaderboards import gates
from avatarium.leaderboards.sandbox import kernel, lockdown
from avatarium.leaderboards.sandbox.frames import (
    ERROR,
    LOADED,
    MAX_ERROR,
    MAX_FRAME,
    MODEL,
    READY,
    REFUSED,
    RESULT,
    RUN,
    Channel,
    ProtocolError,
)

ALARM_FACTOR = 2.0
"""An answer that takes this many times its deadline ends the process, even when no host is left to do so."""


def main(read_fd: int, write_fd: int) -> None:
    """Serve one host over two pipes until it closes them."""
    channel = Channel(read_fd, write_fd)
    try:
        network = kernel.leave_network()
        warm_up()
        layers = {"process": True, "network": network, **lockdown.lock()}
        channel.send(READY, json.dumps(layers).encode())
        serve(channel)
    except (EOFError, BrokenPipeError):
        sys.exit(0)
    except Exception as error:  # whatever it is, the host is told, since nobody else can see it
        complain(channel, f"{type(error).__name__}: {error}")
        sys.exit(1)


def warm_up() -> None:
    """Use every part once while files can still be opened: a library imported later would not be found."""
    from onnx import TensorProto, helper

    rows = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 1]) for name in ("observation", "logits")]
    weight = helper.make_tensor("w", TensorProto.FLOAT, [1, 1], [1.0])
    graph = helper.make_graph([helper.make_node("MatMul", ["observation", "w"], ["logits"])], "warm", rows[:1], rows[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    gates.check(model, {"observation": (1,)}, {"logits": (1,)})
    session(model).run(["logits"], {"observation": np.zeros((2, 1), np.float32)})


def serve(channel: Channel) -> None:
    """Take a model, then answer until the host is gone or sends another one. What goes wrong is told; then the host decides."""
    player: Player | None = None
    while True:
        kind, content = channel.receive(MAX_FRAME)
        if kind == MODEL:
            player = load(channel, bytes(content))
        elif kind == RUN and player is not None:
            answer(channel, player, content)
        else:
            raise ProtocolError("a model was due")


def load(channel: Channel, content: bytes) -> "Player | None":
    """Check and load a model, and tell the host how that went; None when it is refused."""
    try:
        player = Player(content)
    except gates.GateError as error:
        complain(channel, str(error), REFUSED)
    except Exception as error:  # onnxruntime's errors have no other common base
        complain(channel, f"onnxruntime cannot load policy.onnx: {error}")
    else:
        channel.send(LOADED, json.dumps(player.facts).encode())
        return player
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    return None


def answer(channel: Channel, player: "Player", content: memoryview) -> None:
    """Run the graph and send what it gives, or what went wrong."""
    try:
        signal.setitimer(signal.ITIMER_REAL, player.alarm_s)
        found = player.run(content)
    except Exception as error:  # as above
        complain(channel, f"the graph failed: {error}")
    else:
        channel.send(RESULT, *found)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def complain(channel: Channel, sentence: str, kind: int = ERROR) -> None:
    """Tell the host, in one line of limited length, what went wrong."""
    line = " ".join(sentence.split())
    channel.send(kind, line.encode("utf-8", "replace")[: MAX_ERROR - 1])


def session(onnx_bytes: bytes) -> Any:
    """The graph, ready to run: one thread, no optimisation passes (they have crashed on crafted graphs, and gain little)."""
    ort = importlib.import_module("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return ort.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])


class Player:
    """One checked model, ready to answer."""

    def __init__(self, content: bytes) -> None:
        head, _, onnx_bytes = content.partition(b"\n")
        order: dict[str, Any] = json.loads(head)
        self.alarm_s = ALARM_FACTOR * float(order["deadline_s"])
        signal.setitimer(signal.ITIMER_REAL, self.alarm_s)
        states = {name: tuple(shape) for name, shape in order["states"]}
        outputs = {name: (width,) for name, width in order["outputs"]}
        self.inputs = {"observation": (int(order["features"]),), **{"state_in_" + k: v for k, v in states.items()}}
        self.outputs = {**outputs, **{"state_out_" + k: v for k, v in states.items()}}
        self.output_names = list(self.outputs)
        self.widths = [math.prod(shape) for shape in self.inputs.values()]
        self.facts = gates.check(onnx_bytes, self.inputs, self.outputs)
        self.session = session(onnx_bytes)

    def run(self, content: memoryview) -> list[memoryview]:
        """Outputs and states, as bytes, for observations and states: rows (uint32), then float32 arrays one after the other."""
        rows, start = int.from_bytes(content[:4], "little"), 4
        arrays = {}
        for width, (name, shape) in zip(self.widths, self.inputs.items(), strict=True):
            arrays[name] = np.frombuffer(content, np.float32, rows * width, start).reshape(rows, *shape)
            start += 4 * rows * width
        found = self.session.run(self.output_names, arrays)
        for array, (name, shape) in zip(found, self.outputs.items(), strict=True):
            if array.shape != (rows, *shape) or array.dtype != np.float32:
                given, due = f"{array.dtype} {list(array.shape)}", f"float32 {[rows, *shape]}"
                raise ValueError(f"its output {name!r} is {given} instead of {due}")
        return [np.ascontiguousarray(array).data for array in found]
