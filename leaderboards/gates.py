"""Which ONNX graphs may be played: static rules, checked where the graph is parsed, inside the sandbox."""

import hashlib
import math
from typing import Any

import numpy as np

MAX_NODES = 4096
MAX_ELEMENTS = 8_000_000
MAX_NAME = 200
MIN_OPSET = 9
MIN_IR_VERSION = 3
"""Of the file's format; the first that names its opset."""
DOMAINS = ("", "ai.onnx")

OPERATOR_NAMES = """
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization Cast CastLike Ceil Celu Clip Concat
    Constant ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DFT DepthToSpace DequantizeLinear Div Dropout Einsum Elu Equal Erf Exp
    Expand EyeLike Flatten Floor GRU Gather
    GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish
    Hardmax Identity InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization
    MatMul Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow RMSNormalization RNN Range
    Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
    Reshape Resize Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign
    SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor
"""
OPERATORS = frozenset(OPERATOR_NAMES.split())
"""Deterministic, without control flow, files, text or randomness."""

NUMBERS = frozenset(range(1, 8)) | frozenset(range(9, 14))
"""Element types of ONNX between which values may be cast: no text (8), complex numbers or floats of less than 16 bits."""
DENSE, RECURRENT, SPATIAL = {"Gemm", "MatMul"}, {"GRU", "LSTM", "RNN"}, {"Conv", "Attention", "Einsum"}

Shapes = dict[str, tuple[int, ...]]
"""Tensors by name, with their shape but for the batch."""


class GateError(ValueError):
    """A graph that may not be played; one sentence says why and what to do."""


def check(content: bytes, inputs: Shapes, outputs: Shapes) -> dict[str, int | str]:
    """Parse ``content`` and check it by every rule. Returns nodes, parameters, opset, the SHA-256 of the weights in whatever order and
    under whatever names they are and, where they can be told from the weights alone, ``flops``: multiplications and additions per decision.
    Raises GateError."""
    model = _parse(content)
    opset = _check_frame(model)
    graph = model.graph
    if len(graph.node) > MAX_NODES:
        raise GateError(f"the graph has {len(graph.node)} nodes; a policy may have {MAX_NODES}")
    for node in graph.node:
        _check_node(node)
    tensors = [*graph.initializer, *(a.t for node in graph.node for a in node.attribute if a.HasField("t"))]
    elements = sum(_count(tensor) for tensor in tensors)
    if elements > MAX_ELEMENTS:
        raise GateError(f"the weights have {elements:,} elements; a policy may have {MAX_ELEMENTS:,}")
    digests = sorted(_check_values(tensor) for tensor in tensors)
    weights = {tensor.name for tensor in graph.initializer}
    if len(weights) < len(graph.initializer):
        raise GateError("policy.onnx holds two weights of one name")
    _check_values_in_out([v for v in graph.input if v.name not in weights], inputs, "input")
    _check_values_in_out(list(graph.output), outputs, "output")
    fingerprint = hashlib.sha256(b"".join(digests)).hexdigest()
    return {"nodes": len(graph.node), "parameters": elements, "opset": opset, "weights": fingerprint, **_flops(graph)}


def _parse(content: bytes) -> Any:
    import onnx  # only here: nobody but the sandboxed process parses a stranger's graph

    try:
        return onnx.load_model_from_string(content)
    except Exception:  # protobuf's DecodeError, whose module differs between its implementations
        raise GateError("policy.onnx is damaged or cut off: it cannot be parsed as ONNX") from None


def _check_frame(model: Any) -> int:
    """Check everything around the graph and return its opset."""
    if not model.HasField("graph") or not model.graph.node:
        raise GateError("policy.onnx holds no graph")
    if len(model.functions) or len(model.training_info):
        raise GateError("policy.onnx holds functions or training graphs of its own: export plain operators only")
    if len(model.graph.sparse_initializer):
        raise GateError("policy.onnx holds sparse tensors: export dense ones")
    if model.ir_version < MIN_IR_VERSION:
        raise GateError("policy.onnx names no version of ONNX: export it again")
    versions = {int(opset.version) for opset in model.opset_import if opset.domain in DOMAINS}  # others may be named, but not used
    if model.opset_import and not versions:
        domain = model.opset_import[0].domain[:60]
        raise GateError(f"policy.onnx uses the operator domain {domain!r}: only the standard domain of ONNX is allowed")
    if len(versions) != 1 or min(versions) < MIN_OPSET:
        raise GateError(f"policy.onnx has to name one opset, {MIN_OPSET} or later")
    return versions.pop()


def _check_node(node: Any) -> None:
    if node.domain not in DOMAINS:
        raise GateError(f"policy.onnx uses the operator domain {node.domain[:60]!r}: only the standard domain of ONNX is allowed")
    for attribute in node.attribute:
        if attribute.HasField("g") or len(attribute.graphs):
            raise GateError(f"policy.onnx uses {node.op_type[:60]!r} with a graph inside: branches and loops are not allowed")
        if attribute.HasField("sparse_tensor") or len(attribute.sparse_tensors) or len(attribute.tensors) or len(attribute.type_protos):
            raise GateError(f"policy.onnx uses {node.op_type[:60]!r} with an attribute of a kind that is not allowed")
        if attribute.name == "training_mode" and attribute.i:
            raise GateError(f"policy.onnx has {node.op_type[:60]!r} in training mode: call model.eval() before the export")
        if attribute.name == "to" and node.op_type == "Cast" and attribute.i not in NUMBERS:
            raise GateError("policy.onnx casts to something that is neither a float, a whole number nor a boolean")
    if node.op_type == "Dropout" and len(node.input) > 2 and node.input[2]:
        raise GateError("policy.onnx has 'Dropout' in training mode: call model.eval() before the export")
    if node.op_type not in OPERATORS:
        raise GateError(f"policy.onnx uses the operator {node.op_type[:60]!r}, which is not one of those that policies may use")
    if max(map(len, (node.name, *node.input, *node.output)), default=0) > MAX_NAME:
        raise GateError(f"policy.onnx has names longer than {MAX_NAME} characters")


def _count(tensor: Any) -> int:
    """Number of elements, after checks that the data are here and as many as announced."""
    from onnx import TensorProto

    if len(tensor.external_data) or tensor.data_location == TensorProto.EXTERNAL:
        raise GateError("policy.onnx keeps weights in other files: export it with all weights inside")
    kinds = {"FLOAT": 4, "DOUBLE": 8, "FLOAT16": 2, "INT64": 8, "INT32": 4, "INT8": 1, "UINT8": 1, "BOOL": 1}
    sizes = {TensorProto.DataType.Value(kind): size for kind, size in kinds.items()}
    if tensor.data_type not in sizes:
        raise GateError("policy.onnx holds a tensor that is neither of floats, whole numbers nor booleans")
    if len(tensor.dims) > 8 or any(not 0 <= d < 2**31 for d in tensor.dims) or tensor.HasField("segment"):
        raise GateError("policy.onnx holds a tensor of an impossible shape")
    elements: int = math.prod(tensor.dims)
    values = len(tensor.float_data) + len(tensor.int32_data) + len(tensor.int64_data) + len(tensor.double_data)
    if elements != (len(tensor.raw_data) / sizes[tensor.data_type] if tensor.HasField("raw_data") else values):
        raise GateError(f"policy.onnx holds a tensor with {elements} elements by its shape, but not as many values")
    return elements


def _flops(graph: Any) -> dict[str, int]:
    """Two for each weight of dense and recurrent layers; nothing where other layers count as well, whose work depends on shapes."""
    if any(node.op_type in SPATIAL for node in graph.node):
        return {}
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in graph.initializer}
    used = [name for node in graph.node if node.op_type in DENSE for name in node.input[:2]]
    used += [name for node in graph.node if node.op_type in RECURRENT for name in node.input[1:3]]
    return {"flops": 2 * sum(sizes.get(name, 0) for name in used)}


def _check_values(tensor: Any) -> bytes:
    """SHA-256 of a tensor's values and shape, which have to be finite."""
    from onnx import numpy_helper

    values = numpy_helper.to_array(tensor)
    if not np.isfinite(values.astype(np.float64)).all():
        raise GateError(f"the weights {tensor.name[:60]!r} hold numbers that are not finite (NaN or infinity)")
    return hashlib.sha256(f"{values.dtype.str} {values.shape}".encode() + values.tobytes()).digest()


def _check_values_in_out(found: list[Any], due: Shapes, kind: str) -> None:
    names = [value.name for value in found]
    if sorted(names) != sorted(due):
        given = ", ".join(repr(n[:40]) for n in names[:8]) or "none"
        raise GateError(f"the graph's {kind}s are {given}, but the manifest asks for {', '.join(map(repr, due))}")
    for value in found:
        _check_value(value, due[value.name], kind)


def _check_value(value: Any, due: tuple[int, ...], kind: str) -> None:
    from onnx import TensorProto

    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or tensor.elem_type != TensorProto.FLOAT:
        raise GateError(f"the graph's {kind} {value.name!r} has to be a float32 tensor")
    dims = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    if kind == "output" and not dims:
        return
    wanted = f"[batch, {', '.join(map(str, due))}]"
    if len(dims) != len(due) + 1 or any(d not in (None, w) for d, w in zip(dims[1:], due, strict=True)):
        shown = ", ".join("?" if d is None else str(d) for d in dims)
        raise GateError(f"the graph's {kind} {value.name!r} has the shape [{shown}], but it has to be {wanted}")
    if dims[0] is not None:
        raise GateError(f"the graph's {kind} {value.name!r} is fixed to {dims[0]} rows: export it with a dynamic first axis (batch)")
