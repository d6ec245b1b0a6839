"""Recurrent cells over whole sequences, fast on a CPU, with a gradient by hand.

Matrix products go into memory made once, everything else of a step is one pointwise kernel (see ``recurrent_kernels``), and the gradient of
each weight is one large product at the end instead of one per step. Threads may do so side by side, each with sequences of its own.
"""

from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

State = tuple[Tensor, ...]
"""What a cell remembers, in one or more parts [B, U]; the first is its output, the hidden state."""


class Gates(NamedTuple):
    """How a cell computes its four gates: how many of them the input reaches (the first ones), how many the hidden state (the last ones),
    and its pointwise kernels.
    """

    from_input: int
    from_state: int
    forward: Callable[..., None]
    backward: Callable[..., None]

    def split(self, sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Views of ``sums`` [L, B, 4U]: the gates that the input reaches, those that it does not, and those that the state reaches."""
        width = sums.shape[-1] // 4
        return sums[..., : self.from_input * width], sums[..., self.from_input * width :], sums[..., -self.from_state * width :]


class Unrolled(NamedTuple):
    """What a forward pass leaves, all float32."""

    sums: Tensor  # [L, B, 4U]: what the gates were in the end
    begun: Tensor  # [L, B, U]: the hidden state that a step began with, zeroed where an episode started
    after: State  # [L, B, U] each: the state that a step ended with


def unroll(
    gates: Gates, x: Tensor, starts: Tensor, input_weight: Tensor, state_weight: Tensor, bias: Tensor, *state: Tensor, remember: bool
) -> Unrolled:
    """Run a cell over ``x`` [L, B, I]; unless it is to ``remember``, its steps share the memory of ``sums`` and ``begun``."""
    (steps, rows, _), units = x.shape, state_weight.shape[1]
    sums, begun = (x.new_empty(steps if remember else 1, rows, width).expand(steps, -1, -1) for width in (4 * units, units))
    after = tuple(x.new_empty(steps, rows, units) for _ in state)
    products = zip(x, _keep(starts), begun, *gates.split(sums), (state[0], *after[0]), strict=False)
    for (x_t, keep, begun_t, from_input, rest, from_state, hidden), arrays in zip(
        products, _pointwise(sums, bias, starts, state, after), strict=True
    ):
        torch.mul(hidden, keep, out=begun_t)
        torch.mm(x_t, input_weight.T, out=from_input)
        rest.zero_()
        from_state.addmm_(begun_t, state_weight.T)
        gates.forward(*arrays)
    return Unrolled(sums, begun, after)


class Unroll(torch.autograd.Function):
    """``unroll`` with its gradient, which can be taken once."""

    @staticmethod
    def forward(ctx: Any, gates: Gates, x: Tensor, starts: Tensor, *parameters_and_state: Tensor) -> State:
        """The state after every step."""
        input_weight, state_weight, bias, *state = parameters_and_state
        found = unroll(gates, x, starts, input_weight, state_weight, bias, *state, remember=True)
        ctx.gates, ctx.parts = gates, len(state)
        ctx.save_for_backward(x, starts, input_weight, state_weight, found.sums, found.begun, *state, *found.after)
        ctx.set_materialize_grads(False)
        return found.after

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *d_after: Tensor | None) -> tuple[Tensor | None, ...]:
        """The gradient of everything that ``forward`` was given; it takes the place of the activations, to save memory and time."""
        x, starts, input_weight, state_weight, sums, begun, *states = ctx.saved_tensors
        torch.autograd.graph.increment_version(sums)  # torch will refuse to come here again
        d_bias = torch.zeros_like(sums[0, 0])
        d_state = [torch.zeros_like(part) for part in states[: ctx.parts]]
        from_input, _, from_state = ctx.gates.split(sums)
        arrays = _pointwise(sums, d_bias, starts, states[: ctx.parts], states[ctx.parts :])
        d_arrays = _arrays(d_state)
        for t, keep, sums_t, arrays_t in reversed(list(zip(range(len(x)), _keep(starts), from_state, arrays, strict=True))):
            for part, given in zip(d_state, d_after, strict=True):
                if given is not None:
                    part += given[t]
            ctx.gates.backward(*arrays_t, *d_arrays)
            d_state[0].addmm_(sums_t, state_weight)
            for part in d_state:
                part *= keep
        d_x = (from_input.flatten(0, 1) @ input_weight).view(x.shape) if ctx.needs_input_grad[1] else None
        d_input_weight = from_input.flatten(0, 1).T @ x.flatten(0, 1)
        d_state_weight = from_state.flatten(0, 1).T @ begun.flatten(0, 1)
        return None, d_x, None, d_input_weight, d_state_weight, d_bias, *d_state


def _keep(starts: Tensor) -> Tensor:
    """float32 [L, B, 1]: what the state is multiplied with before each step."""
    return (~starts).to(torch.float32).unsqueeze(-1)


def _pointwise(sums: Tensor, bias: Tensor, starts: Tensor, state: State, after: State) -> Iterator[tuple[np.ndarray, ...]]:
    """What the kernels are given at each step, as arrays over the same memory."""
    (gates, own), first, later = _arrays((sums.view(*sums.shape[:2], 4, -1), bias.view(4, -1))), _arrays(state), _arrays(after)
    before = [(begin, *rest) for begin, rest in zip(first, later, strict=True)]
    return zip(gates, repeat(own), (~starts).numpy(), *before, *later, strict=False)


def _arrays(tensors: Any) -> list[np.ndarray]:
    return [tensor.detach().numpy() for tensor in tensors]
