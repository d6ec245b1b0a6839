"""Both exporters of torch, over all architectures, with opsets old and new."""

import io
from collections.abc import Callable
from functools import partial
from itertools import cycle

import torch

from avatarium.training.packing.graph import answer_of, quietly
from honest.architectures import found
from honest.room import SIZE, Case, Policy, made

PROGRAM_OPSETS = (18, 20, 21, 22, 23)
TRACE_OPSETS = (11, 13, 14, 15, 16, 17, 18, 20)
"""What each of the two writes; opsets before 11 are made by hand elsewhere."""
LATER = {
    "CategoricalReturns",
    "SmoothActivations",
    "FewExperts",
    "FastWeights",
    "PeopleAttention",
    "ScaledDotProduct",
    "DeepSet",
    "Transformer",
}
"""What tracing can write from opset 14 on."""
UNTRACEABLE = {"Waves"}


def exported(architecture: type[Policy], opset: int, dynamo: bool) -> Case:
    module = made(architecture)
    example = (torch.rand(2, SIZE), *(torch.zeros(2, *state.shape) for state in module.states))
    acting = ("mean", "log_std") if module.role.continuous else ("logits",)
    kept = [state.name for state in module.states]
    inputs = ["observation", *(f"state_in_{name}" for name in kept)]
    outputs = [*acting, *(["value"] if module.value else []), *(f"state_out_{name}" for name in kept)]
    options = {"input_names": inputs, "output_names": outputs, "opset_version": opset, "dynamo": dynamo}
    with quietly():
        if dynamo:
            rows = {0: torch.export.Dim("rows")}
            program = torch.onnx.export(module, example, dynamic_shapes=tuple(rows for _ in example), verbose=False, **options)
            onnx_bytes = program.model_proto.SerializeToString()
        else:
            file = io.BytesIO()
            torch.onnx.export(module, example, file, dynamic_axes={name: {0: "rows"} for name in inputs + outputs}, **options)
            onnx_bytes = file.getvalue()
    return Case(onnx_bytes, module.states, module.value, module.role, answer_of(module))


def cases() -> dict[str, Callable[[], Case]]:
    every = {}
    for dynamo, opsets in ((True, PROGRAM_OPSETS), (False, TRACE_OPSETS)):
        for (name, architecture), opset in zip(found().items(), cycle(opsets)):
            if name in UNTRACEABLE and not dynamo:
                continue
            opset = max(opset, 14) if name in LATER else opset
            every[f"{name}-{'program' if dynamo else 'trace'}-{opset}"] = partial(exported, architecture, opset, dynamo)
    return every


CASES = cases()
