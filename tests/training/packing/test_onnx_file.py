"""ONNX files of others get a manifest; what they are called inside is put right where it is clear what is meant."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import parser

from avatarium.worlds import UserError

LANES = ("--world", "lanes:WORLD")
PLAIN = """
    <ir_version: 8, opset_import: ["" : 17, "ai.onnx.ml" : 3]>
    net (float[batch, 3] obs) => (float[batch, 5] action_logits) <float[3, 5] w = {1,0,0,0,0, 0,1,0,0,0, 0,0,1,0,0}>
    { action_logits = MatMul (obs, w) }
"""
COUNTING = """
    <ir_version: 8, opset_import: ["" : 17, "mine" : 1]>
    net (float[batch, 3] observation, float[batch, 2, 1] state_in_clock)
        => (float[batch, 5] logits, float[batch, 1] value, float[batch, 2, 1] state_out_clock)
        <float[3, 5] w = {1,0,0,0,0, 0,1,0,0,0, 0,0,1,0,0}, float one = {1}, float ten = {10}, int64[1] axis = {1}>
    {
        logits = MatMul (observation, w)
        value = ReduceSum <keepdims = 1> (observation, axis)
        state_out_clock = mine.tick (state_in_clock, one, ten)
    }
    <domain: "mine", opset_import: ["" : 17]>
    tick (x, one, ten) => (y) { z = Add (x, one)  y = Min (z, ten) }
"""


def written(text: str, path: Path) -> Path:
    onnx.save(parser.parse_model(text), path)
    return path


def test_one_input_and_one_output_need_no_names(pack: Any, opened: Any, tmp_path: Path) -> None:
    """And a domain that is named and not used is left out."""
    written(PLAIN, tmp_path / "net.onnx")
    told = pack("net.onnx", *LANES)
    assert "accepted" in told and "the graph is the source" in told
    _, policy = opened(tmp_path / "policy.zip")
    assert policy.infer((np.eye(3, dtype=np.float32),))[0].argmax(axis=1).tolist() == [0, 1, 2]


def test_memory_value_and_functions(pack: Any, opened: Any, tmp_path: Path) -> None:
    """States are known by their names and shapes; functions are written out."""
    written(COUNTING, tmp_path / "net.onnx")
    pack("net.onnx", *LANES)
    manifest, policy = opened(tmp_path / "policy.zip")
    assert manifest.value and [(state.name, state.shape) for state in manifest.recurrent] == [("clock", (2, 1))]
    assert policy.infer((np.ones((4, 3), np.float32), *policy.initial_state(4)))[2] == pytest.approx(1.0)


MISTAKES = {
    "names": (COUNTING.replace("state_out_clock", "clock"), r"has the outputs .*: export it with .* logits, value, state_out_clock"),
    "shape": (COUNTING.replace("batch, 2, 1", "batch, n, 1"), "state_in_clock of net.onnx does not tell its shape"),
    "width": (
        PLAIN.replace("[batch, 3] obs", "[batch, 4] obs").replace("[3, 5] w", "[4, 5] w").replace("{1,0,0,0,0,", "{" + "1," * 10),
        "4",
    ),
    "rows": (PLAIN.replace("batch", "1"), "fixed to 1 rows"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence(pack: Any, tmp_path: Path, name: str) -> None:
    text, sentence = MISTAKES[name]
    written(text, tmp_path / "net.onnx")
    with pytest.raises(UserError, match=sentence):
        pack("net.onnx", *LANES)
    assert not (tmp_path / "policy.zip").exists()


def test_rubbish(pack: Any, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x08\xff\xff\xff")
    with pytest.raises(UserError, match="damaged"):
        pack("net.onnx", *LANES)
    (tmp_path / "net.onnx").write_bytes(b"PK\x03\x04")
    with pytest.raises(UserError, match="not ONNX"):
        pack("net.onnx", *LANES)
