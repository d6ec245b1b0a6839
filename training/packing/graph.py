"""Torch modules as ONNX graphs of the form that is submitted, and the comparison of a graph with what it was made from."""

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from avatarium.agents.exported import StateShape
from avatarium.agents.readouts import VALUE
from avatarium.agents.session import PREFIX_IN, PREFIX_OUT, Session
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role

TOLERANCE = 1e-4
"""Largest difference between a graph and its source that passes, relative to outputs of size 1."""
CHECKED_ROWS = (1, 7, 256)
CHECKED_STEPS = 4
WIDEST = 10.0
"""Observations are checked up to here where their space has no bounds."""
LOUD = ("torch.onnx", "torch.__trace", "onnxscript", "onnx_ir", "torch.export", "torch._dynamo", "torch.fx", "ray._common.deprecation")
"""Loggers that tell an exporter's author, not its user."""

Arrays = tuple[np.ndarray, ...]
Answer = Callable[[Arrays], Sequence[np.ndarray]]
"""(observation float32 [B, D], states float32 [B, ...]) -> outputs, then the new states, as a graph gives them."""


class Form(NamedTuple):
    """What goes in and out of a graph besides the observation."""

    outputs: tuple[str, ...]
    """``logits``, or ``mean`` and ``log_std``; then ``value`` where it is told."""
    states: tuple[StateShape, ...] = ()

    @property
    def value(self) -> bool:
        """Whether the expected return is told."""
        return VALUE in self.outputs

    def zeros(self, rows: int) -> Arrays:
        """The memory of ``rows`` avatars whose episodes begin, float32 [rows, ...] each."""
        return tuple(np.zeros((rows, *state.shape), np.float32) for state in self.states)


def form_of(role: Role, states: Sequence[StateShape] = (), value: bool = False) -> Form:
    """The form of a policy for ``role``."""
    acting = ("mean", "log_std") if role.continuous else ("logits",)
    return Form((*acting, *([VALUE] if value else [])), tuple(states))


def exported(module: nn.Module, role: Role, form: Form) -> bytes:
    """The ONNX file of a module (observation, *states) -> (*outputs, *states), with any number of rows.

    torch's exporter for programs is tried first, then the older one, which traces. Raises UserError when neither can.
    """
    example = tuple(map(torch.from_numpy, (np.zeros((2, role.observation_size), np.float32), *form.zeros(2))))
    names: dict[str, Any] = {
        "input_names": ["observation", *(PREFIX_IN + state.name for state in form.states)],
        "output_names": [*form.outputs, *(PREFIX_OUT + state.name for state in form.states)],
    }
    with quietly(), torch.no_grad():
        try:
            return _by_program(module, example, names)
        except Exception as first:  # whatever a stranger's module does to an exporter
            try:
                return _by_trace(module, example, names)
            except Exception:
                reason = str(first.__cause__ or first).strip().splitlines()[0][:200]
                raise UserError(f"torch.onnx.export cannot export the module: {reason}") from None


def _by_program(module: nn.Module, example: tuple[Tensor, ...], names: dict[str, Any]) -> bytes:
    rows = {0: torch.export.Dim("rows")}
    program = torch.onnx.export(
        module,
        example,
        **names,
        dynamic_shapes={"observation": rows} | ({"state": tuple(rows for _ in example[1:])} if example[1:] else {}),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    onnx_bytes: bytes = program.model_proto.SerializeToString()
    return onnx_bytes


def _by_trace(module: nn.Module, example: tuple[Tensor, ...], names: dict[str, Any]) -> bytes:
    axes = {name: {0: "rows"} for kind in names.values() for name in kind}
    file: Any = io.BytesIO()
    with redirect_stdout(io.StringIO()):  # it prints whole graphs where it fails
        torch.onnx.export(module, example, file, **names, dynamic_axes=axes, dynamo=False)
    onnx_bytes: bytes = file.getvalue()
    return onnx_bytes


def difference(onnx_bytes: bytes, answer: Answer, role: Role, form: Form) -> float:
    """The largest difference of a graph from ``answer``, relative to outputs of size 1, or of the row's largest where that is more.

    On observations from all over the role's space, in batches of several sizes, over several steps of memory. Logits are compared
    head by head from the largest on, since what all of a head have in common means nothing. Not a number counts as infinitely different.
    """
    session = Session(onnx_bytes, tuple(state.name for state in form.states), form.outputs)
    rng, space, worst = np.random.default_rng(0), role.observation_space, 0.0
    low, high = np.maximum(space.low, -WIDEST), np.minimum(space.high, WIDEST)
    for rows in CHECKED_ROWS:
        states = form.zeros(rows)
        for _ in range(CHECKED_STEPS if states else 1):
            seen = rng.uniform(low, high, (rows, role.observation_size))
            seen[1:2] = np.clip(0.0, low, high)  # where quotients and logarithms fail
            arrays = (seen.astype(np.float32), *states)
            expected, found = answer(arrays), _run(session, arrays)
            for want, got in zip(_comparable(expected, role), _comparable(found, role), strict=True):
                scale = np.maximum(1.0, np.abs(want).max(axis=-1, keepdims=True))
                gap = float(np.max(np.abs(got - want) / scale))
                worst = max(worst, gap if np.isfinite(gap) else np.inf)
            states = tuple(found[len(form.outputs) :])
    return worst


def _run(session: Session, arrays: Arrays) -> list[np.ndarray]:
    try:
        return session.run(arrays)
    except Exception as fault:  # onnxruntime's errors share no base class but Exception
        reason = " ".join(str(fault).split())[:200]
        raise UserError(
            f"the graph cannot be run for {len(arrays[0])} avatars at once ({reason}): let nothing in the module depend on the number of "
            "rows, such as len(x) or int(x.shape[0])"
        ) from None


def _comparable(found: Sequence[np.ndarray], role: Role) -> list[np.ndarray]:
    if role.continuous:
        return list(found)
    heads = np.split(found[0], np.cumsum([len(head.choices) for head in role.heads])[:-1], axis=1)
    return [np.concatenate([head - head.max(axis=1, keepdims=True) for head in heads], axis=1), *found[1:]]


def answer_of(module: nn.Module) -> Answer:
    """What torch computes for a module (observation, *states) -> (*outputs, *states)."""

    def answer(arrays: Arrays) -> list[np.ndarray]:
        with torch.no_grad():
            return [part.numpy() for part in module(*map(torch.from_numpy, arrays))]

    return answer


@contextmanager
def quietly() -> Iterator[None]:
    """Within, exporters warn of nothing, and their loggers say nothing below an error."""
    loggers: list[Any] = [logging.getLogger(name) for name in LOUD]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
