"""Recurrent cells whose state can be reset in the middle of a sequence, fast to train on CPUs.

``step`` and the path for other devices are plain torch. On a CPU, in float32, a sequence is unrolled by ``_Unroll``: matrix products into
buffers made once, one pointwise kernel per step (see ``recurrent_kernels``), and a gradient by hand, in which the gradients of the weights
are one large matrix product each instead of one per step. It computes the same as the plain path, to float32's rounding.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from avatarium.agents.networks import recurrent_kernels as kernels

State = tuple[Tensor, ...]


class Gates(NamedTuple):
    """How a cell computes its gates: how many of the four blocks of sums the input reaches (the first ones) and how many the state (the
    last ones), and its pointwise kernels.
    """

    from_input: int
    from_state: int
    forward: Callable[..., None]
    backward: Callable[..., None]


class Recurrent(nn.Module, ABC):
    """A recurrent cell: the state's first part is its output.

    The sums that enter the gates have 4 ``units`` columns. ``x @ input_weight.T`` adds to the first of them, ``hidden @ state_weight.T`` to
    the last, ``bias`` to all. Recurrent weights begin orthogonal, gate by gate (Saxe et al. 2014, https://arxiv.org/abs/1312.6120); those
    of the input uniform (Glorot and Bengio 2010); biases at zero.
    """

    states_named: ClassVar[tuple[str, ...]]
    gates: ClassVar[Gates]

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.inputs, self.units = inputs, units
        self.input_weight = nn.Parameter(torch.empty(self.gates.from_input * units, inputs))
        self.state_weight = nn.Parameter(torch.empty(self.gates.from_state * units, units))
        self.bias = nn.Parameter(torch.zeros(4 * units))
        for gate in self.input_weight.split(units):
            nn.init.xavier_uniform_(gate)
        for gate in self.state_weight.split(units):
            nn.init.orthogonal_(gate)

    def initial(self, rows: int) -> State:
        """The state before anything was seen: zeros float32 [rows, units] each."""
        return tuple(self.bias.new_zeros(rows, self.units) for _ in self.states_named)

    @abstractmethod
    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Output [B, units] and new state for ``x`` [B, inputs]; plain torch, which exports to ONNX."""

    def unroll(self, x: Tensor, starts: Tensor, state: State) -> tuple[Tensor, State]:
        """Outputs [L, B, units], and the state after every step, each [L, B, units].

        ``x`` [L, B, inputs] is a sequence that begins in ``state``; where ``starts`` bool [L, B] the state is zeroed before the step.
        """
        if x.device.type == "cpu" and x.dtype == self.bias.dtype == torch.float32:
            after = self._unroll_fast(x, starts, state)
        else:
            after = self._unroll_plain(x, starts, state)
        return after[0], after

    def _unroll_plain(self, x: Tensor, starts: Tensor, state: State) -> State:
        keep = (~starts).to(x.dtype).unsqueeze(-1)
        after = []
        for t in range(len(x)):
            _, state = self.step(x[t], tuple(part * keep[t] for part in state))
            after.append(state)
        return tuple(torch.stack(parts) for parts in zip(*after, strict=True))

    def _unroll_fast(self, x: Tensor, starts: Tensor, state: State) -> State:
        arguments = (self.gates, x, starts, self.input_weight, self.state_weight, self.bias, *state)
        if torch.is_grad_enabled():
            after: State = _Unroll.apply(*arguments)  # type: ignore[no-untyped-call]
            return after
        return _unroll(*arguments, remember=False).after


class Lstm(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gates (Gers et al. 2000), which begin open: their bias is 1
    (Jozefowicz et al. 2015, https://proceedings.mlr.press/v37/jozefowicz15.html). Gates: input, forget, output, candidate.
    """

    states_named = ("hidden", "cell")
    gates = Gates(4, 4, kernels.lstm_forward, kernels.lstm_backward)

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__(inputs, units)
        with torch.no_grad():
            self.bias[units : 2 * units] = 1.0

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Output [B, units] and new (hidden, cell) for ``x`` [B, inputs]; plain torch, which exports to ONNX."""
        hidden, cell = state
        sums = linear(x, self.input_weight, self.bias) + linear(hidden, self.state_weight)
        i, f, o, g = sums.chunk(4, dim=-1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
        return hidden, (hidden, cell)


class Gru(Recurrent):
    """Gated recurrent unit (Cho et al. 2014, https://arxiv.org/abs/1406.1078) that resets after the product with the recurrent weights, as
    in cuDNN. Gates: the input's part of the candidate, reset, update, the state's part of the candidate.
    """

    states_named = ("hidden",)
    gates = Gates(3, 3, kernels.gru_forward, kernels.gru_backward)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Output [B, units] and new (hidden,) for ``x`` [B, inputs]; plain torch, which exports to ONNX."""
        (hidden,) = state
        n, r, z = linear(x, self.input_weight, self.bias[: 3 * self.units]).chunk(3, dim=-1)
        state_r, state_z, state_n = linear(hidden, self.state_weight).chunk(3, dim=-1)
        r, z = torch.sigmoid(r + state_r), torch.sigmoid(z + state_z)
        n = torch.tanh(n + r * (state_n + self.bias[3 * self.units :]))
        hidden = n + z * (hidden - n)
        return hidden, (hidden,)


class _Unrolled(NamedTuple):
    """What a forward pass leaves, time first; ``gates`` and ``before`` have a single step where nothing is remembered."""

    gates: Tensor  # float32 [L, B, 4U]: activations
    before: State  # float32 [L, B, U] each: the state that a step began with, zeroed where an episode started
    after: State  # float32 [L, B, U] each: the state that it ended with


def _unroll(
    gates: Gates, x: Tensor, starts: Tensor, input_weight: Tensor, state_weight: Tensor, bias: Tensor, *state: Tensor, remember: bool
) -> _Unrolled:
    """Run a cell over ``x`` [L, B, I]. Without ``remember`` the working memory is that of one step."""
    (steps, rows, _), units = x.shape, state_weight.shape[1]
    kept = steps if remember else 1
    sums = x.new_empty(kept, rows, 4 * units)
    before, after = (tuple(x.new_empty(n, rows, units) for _ in state) for n in (kept, steps))
    keep = _keep(starts)
    for t in range(steps):
        k = t if remember else 0
        for part, into in zip(state, before, strict=True):
            torch.mul(part, keep[t], out=into[k])
        from_input, rest = sums[k].tensor_split([gates.from_input * units], dim=1)
        torch.mm(x[t], input_weight.T, out=from_input)
        rest.zero_()
        sums[k, :, -gates.from_state * units :].addmm_(before[0][k], state_weight.T)
        state = tuple(part[t] for part in after)
        gates.forward(*_arrays(sums[k], bias, *(part[k] for part in before), *state))
    return _Unrolled(sums, before, after)


class _Unroll(torch.autograd.Function):
    """``_unroll`` with its gradient."""

    @staticmethod
    def forward(ctx: Any, gates: Gates, x: Tensor, starts: Tensor, *parameters_and_state: Tensor) -> State:
        input_weight, state_weight, bias, *state = parameters_and_state
        found = _unroll(gates, x, starts, input_weight, state_weight, bias, *state, remember=True)
        ctx.gates = gates
        ctx.save_for_backward(x, starts, input_weight, state_weight, found.gates, *found.before, *found.after)
        ctx.set_materialize_grads(False)
        return found.after

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *d_after: Tensor | None) -> tuple[Tensor | None, ...]:
        x, starts, input_weight, state_weight, sums, *states = ctx.saved_tensors
        before, after = states[: len(d_after)], states[len(d_after) :]
        steps, rows, units = before[0].shape
        d_sums, d_bias = torch.empty_like(sums), sums.new_zeros(4 * units)
        d_state = [sums.new_zeros(rows, units) for _ in d_after]
        keep = _keep(starts)
        from_input, from_state = d_sums[..., : ctx.gates.from_input * units], d_sums[..., -ctx.gates.from_state * units :]
        for t in reversed(range(steps)):
            for part, given in zip(d_state, d_after, strict=True):
                if given is not None:
                    part += given[t]
            now = (part[t] for part in (*before, *after))
            ctx.gates.backward(*_arrays(sums[t], d_sums[t], d_bias, *now, *d_state))
            d_state[0].addmm_(from_state[t], state_weight)
            for part in d_state:
                part *= keep[t]
        d_input = (from_input.flatten(0, 1) @ input_weight).view_as(x) if ctx.needs_input_grad[1] else None
        d_weights = from_input.flatten(0, 1).T @ x.flatten(0, 1), from_state.flatten(0, 1).T @ before[0].flatten(0, 1)
        return None, d_input, None, *d_weights, d_bias, *d_state


def _keep(starts: Tensor) -> Tensor:
    """float32 [L, B, 1]: what the state is multiplied with before each step."""
    return (~starts).to(torch.float32).unsqueeze(-1)


def _arrays(*tensors: Tensor) -> Any:
    """The same memory as numpy arrays."""
    return (tensor.detach().numpy() for tensor in tensors)
