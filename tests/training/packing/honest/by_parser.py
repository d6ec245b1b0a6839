"""Graphs written as text, in the language of ``onnx.parser``."""

from collections.abc import Callable
from functools import partial

import onnx.parser

from avatarium.agents.exported import StateShape
from honest.room import PILOT, WALKER, Case

TEXTS = {
    "rule-17": """
        <ir_version: 8, opset_import: ["" : 17]>
        policy (float[batch, 240] observation) => (float[batch, 5] logits)
        <int64[1] from = {6}, int64[1] to = {22}, int64[1] axis = {1},
         float[1, 5] go = {0, 3, 0, 0, 0}, float[1, 5] turn = {1, -2, 0, 2, 0}>
        {
            rays = Slice (observation, from, to, axis)
            nearest = ReduceMin <axes = [1], keepdims = 1> (rays)
            limit = Constant <value_float = 0.2> ()
            free = Greater (nearest, limit)
            logits = Where (free, go, turn)
        }
    """,
    "counter-18": """
        <ir_version: 9, opset_import: ["" : 18]>
        policy (float[N, 240] observation, float[N, 1] state_in_clock) => (float[N, 5] logits, float[N, 1] state_out_clock)
        <float one = {1}, float period = {8}, float[1, 5] phase = {0, 0.3, 0.6, 0.9, 1.2}, float small = {0.7}>
        {
            next = Add (state_in_clock, one)
            state_out_clock = Mod <fmod = 1> (next, period)
            turned = Mul (state_out_clock, small)
            shifted = Add (turned, phase)
            logits = Sin (shifted)
        }
    """,
    "controls-21": """
        <ir_version: 10, opset_import: ["" : 21]>
        policy (float[rows, 240] observation) => (float[rows, 2] mean, float[rows, 2] log_std)
        <int64[1] from = {0}, int64[1] to = {2}, int64[1] axis = {1}, float scale = {-0.5}>
        {
            mean = Slice (observation, from, to, axis)
            size = Abs (mean)
            log_std = Mul (size, scale)
        }
    """,
}
STATES = {"counter-18": (StateShape("clock", (1,)),)}


def parsed(name: str) -> Case:
    content = onnx.parser.parse_model(TEXTS[name]).SerializeToString()
    return Case(content, STATES.get(name, ()), role=PILOT if name.startswith("controls") else WALKER)


CASES: dict[str, Callable[[], Case]] = {f"text-{name}": partial(parsed, name) for name in TEXTS}
