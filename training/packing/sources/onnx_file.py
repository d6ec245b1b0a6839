"""ONNX files that somebody else has exported."""

import importlib
from pathlib import Path
from typing import Any

from avatarium.agents.archive import check_onnx_bytes
from avatarium.agents.exported import StateShape
from avatarium.agents.readouts import VALUE
from avatarium.agents.session import PREFIX_IN, PREFIX_OUT
from avatarium.training.packing.graph import Form, form_of
from avatarium.training.packing.sources import Loaded, Source, Wish
from avatarium.worlds.core.errors import UserError, need


def recognises(text: str) -> bool:
    """Whether it is a file that is called so."""
    return Path(text).suffix == ".onnx" and Path(text).is_file()


def load(text: str, wish: Wish) -> Loaded:
    """The file as it is, but for functions of its own, which are written out, and domains that it names and does not use.

    Where there is nothing but one input and one output, they are given their proper names. Raises UserError when it is no policy for the
    role.
    """
    onnx: Any = need("onnx", "leaderboards")
    content = Path(text).read_bytes()
    check_onnx_bytes(content, text)
    try:
        graph = onnx.load_model_from_string(content)
    except Exception:  # protobuf's DecodeError, whose module differs between its implementations
        raise UserError(f"{text} is damaged or cut off: it cannot be parsed as ONNX") from None
    if graph.functions:
        graph = importlib.import_module("onnx.inliner").inline_local_functions(graph)
    used = {node.domain for node in graph.graph.node} | {"", "ai.onnx"}
    kept = [opset for opset in graph.opset_import if opset.domain in used]
    del graph.opset_import[:]
    graph.opset_import.extend(kept)
    weights = {tensor.name for tensor in graph.graph.initializer}
    inputs = [value for value in graph.graph.input if value.name not in weights]
    outputs = [value.name for value in graph.graph.output]
    form = form_of(wish.role, _states(inputs, text), VALUE in outputs)
    if (len(inputs), outputs) == (1, outputs[:1]) and not wish.role.continuous:
        _rename(graph, inputs[0].name, "observation")
        _rename(graph, outputs[0], "logits")
    else:
        _check_names([value.name for value in inputs], outputs, form, text)
    return Loaded(graph.SerializeToString(), form, None)


def _states(inputs: list[Any], text: str) -> tuple[StateShape, ...]:
    """The memory, by the inputs that are called so."""
    found = []
    for value in inputs:
        if value.name.startswith(PREFIX_IN):
            lengths = [dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]]
            if not lengths or min(lengths) < 1:
                raise UserError(
                    f"the input {value.name} of {text} does not tell its shape [batch, ...]: export it with all but the batch fixed"
                )
            found.append(StateShape(value.name.removeprefix(PREFIX_IN), tuple(lengths)))
    return tuple(found)


def _check_names(inputs: list[str], outputs: list[str], form: Form, text: str) -> None:
    due_in = ["observation", *(PREFIX_IN + state.name for state in form.states)]
    due_out = [*form.outputs, *(PREFIX_OUT + state.name for state in form.states)]
    for kind, found, due in (("inputs", inputs, due_in), ("outputs", outputs, due_out)):
        if sorted(found) != sorted(due):
            raise UserError(
                f"{text} has the {kind} {', '.join(found)}: export it with input_names and output_names so that it has {', '.join(due)}"
            )


def _rename(model: Any, old: str, new: str) -> None:
    """Call a tensor of a graph otherwise, everywhere."""
    graph = model.graph
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = new if value.name == old else value.name
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]


SOURCE = Source("an ONNX file", recognises, load)
