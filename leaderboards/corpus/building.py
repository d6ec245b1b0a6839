"""What the hostile submissions are made of: an honest one for the world coordination, every part of which can be replaced."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from avatarium.agents.archive import MEMBERS
from avatarium.agents.manifest import Manifest, StateShape
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import need
from avatarium.worlds.core.spec import Role, WorldSpec

WORLD = "coordination"
CELLS = 4
"""Floats of memory of policies that remember."""
OBSERVATION, STATE_IN, STATE_OUT, LOGITS = "observation", "state_in_h", "state_out_h", "logits"


def spec() -> WorldSpec:
    """The world that they are made for: two avatars on a small grid, 64 steps."""
    return discovery.spec(WORLD)


@cache
def role() -> Role:
    """Whose mind they want to be."""
    return spec().roles(spec().config())[0]


@cache
def helper() -> Any:
    """The module onnx.helper. UserError where onnx is missing."""
    return need("onnx", extra="leaderboards").helper


def features() -> int:
    """Numbers in an observation."""
    return role().observation_size


def choices() -> int:
    """Logits of an answer."""
    return len(role().heads[0].choices)


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    """A node, its inputs and outputs separated by spaces."""
    return helper().make_node(op, inputs.split(), outputs.split(), **attributes)


def weight(name: str, values: Any, kind: Any = None) -> Any:
    """An initializer; ``kind`` is a NumPy dtype, float32 where nothing else is said and there are floats."""
    array = np.asarray(values, kind)
    if kind is None and array.dtype == np.float64:
        array = array.astype(np.float32)
    return need("onnx", extra="leaderboards").numpy_helper.from_array(array, name)


def value(name: str, *shape: int | str, kind: int = 1) -> Any:
    """An input or output of a graph, float32 unless ``kind`` says otherwise."""
    return helper().make_tensor_value_info(name, kind, list(shape))


def dense() -> tuple[Any, Any]:
    """``m = observation @ w``, and its weights."""
    w = np.random.default_rng(0).normal(size=(features(), choices())) / 4
    return node("MatMul", f"{OBSERVATION} w", "m"), weight("w", w)


def model(
    nodes: Sequence[Any] | None = None,
    weights: Sequence[Any] = (),
    inputs: Sequence[Any] | None = None,
    outputs: Sequence[Any] | None = None,
    opset: int = 17,
    domain: str = "",
) -> Any:
    """A graph that takes an observation to ``logits``; ``nodes`` come after ``m = observation @ w``."""
    first, w = dense()
    graph = helper().make_graph(
        [first, *(nodes if nodes is not None else [node("Identity", "m", LOGITS)])],
        "policy",
        inputs or [value(OBSERVATION, "batch", features())],
        outputs or [value(LOGITS, "batch", choices())],
        [w, *weights],
    )
    return helper().make_model(graph, opset_imports=[helper().make_opsetid(domain, opset)], ir_version=8)


def remembering(nodes: Sequence[Any], weights: Sequence[Any] = ()) -> bytes:
    """A submission with ``CELLS`` floats of memory, which ``nodes`` update."""
    inputs = [value(OBSERVATION, "batch", features()), value(STATE_IN, "batch", CELLS)]
    outputs = [value(LOGITS, "batch", choices()), value(STATE_OUT, "batch", CELLS)]
    return submission(model(nodes, weights, inputs, outputs), paper(recurrent=(StateShape("h", (CELLS,)),)))


def added(*nodes: Any, weights: Sequence[Any] = ()) -> bytes:
    """A submission that answers ``observation @ w`` plus something that ``nodes`` compute as ``e``."""
    return submission(model([*nodes, node("Add", "m e", LOGITS)], weights))


def paper(**changes: Any) -> str:
    """An honest manifest, but for ``changes``, as JSON."""
    world, mind = spec(), role()
    given: dict[str, Any] = {"actions": (choices(),), "author": "Ada", "licence": "Apache-2.0", **changes}
    return Manifest("tiny", world.name, world.version, mind.name, mind.signature(), **given).to_json()


def edited(**changes: Any) -> str:
    """An honest manifest with ``changes`` that no ``Manifest`` would let through; ``None`` takes a key away."""
    found = json.loads(paper()) | changes
    return json.dumps({key: kept for key, kept in found.items() if kept is not None or key == "parent"})


def submission(graph: Any = None, manifest: str | bytes | None = None, **also: bytes) -> bytes:
    """A zip of a manifest and a graph, which may be bytes of anything; ``also`` are further members by name."""
    content = graph if isinstance(graph, bytes) else (graph or model()).SerializeToString()
    told = paper() if manifest is None else manifest
    return zipped({MEMBERS[0]: told if isinstance(told, bytes) else told.encode("utf-8", "surrogatepass"), MEMBERS[1]: content, **also})


def zipped(members: Mapping[str, bytes] | Sequence[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of members in an order."""
    out = io.BytesIO()
    pairs = members.items() if isinstance(members, Mapping) else members
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in pairs:
            archive.writestr(zipfile.ZipInfo(name) if isinstance(name, str) else name, content, method)
    return out.getvalue()
