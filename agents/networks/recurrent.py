"""Recurrent cells whose state can be reset in the middle of a sequence; on a CPU they learn fast (see ``recurrent_unroll``)."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from avatarium.agents.networks import recurrent_kernels as kernels
from avatarium.agents.networks.recurrent_unroll import Gates, State, Unroll, unroll


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
        for gate in self.input_weight.chunk(self.gates.from_input):
            nn.init.xavier_uniform_(gate)
        for gate in self.state_weight.chunk(self.gates.from_state):
            nn.init.orthogonal_(gate)

    def initial(self, rows: int) -> State:
        """The state before anything was seen: zeros float32 [rows, units] each."""
        return tuple(self.bias.new_zeros(rows, self.units) for _ in self.states_named)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Output [B, units] and new state for ``x`` [B, inputs]; plain torch, which exports to ONNX."""
        after = self._advance(self._from_input(x), state)
        return after[0], after

    def _from_input(self, x: Tensor) -> Tensor:
        """What ``x`` [..., inputs] adds to the gates, for as many steps at once as there are."""
        return linear(x, self.input_weight, self.bias[: len(self.input_weight)])

    @abstractmethod
    def _advance(self, sums: Tensor, state: State) -> State:
        """The new state, where the input has added ``sums`` [B, ...] to the gates."""

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
        keep, sums = (~starts).to(x.dtype).unsqueeze(-1), self._from_input(x)
        after = []
        for t in range(len(x)):
            state = self._advance(sums[t], tuple(part * keep[t] for part in state))
            after.append(state)
        return tuple(torch.stack(parts) for parts in zip(*after, strict=True))

    def _unroll_fast(self, x: Tensor, starts: Tensor, state: State) -> State:
        weights = self.input_weight, self.state_weight, self.bias
        starts, *begin = (part.contiguous() for part in (starts, *state))  # every other layout would have kernels of its own compiled
        if torch.is_grad_enabled():
            after: State = Unroll.apply(self.gates, x, starts, *weights, *begin)  # type: ignore[no-untyped-call]
            return after
        return unroll(self.gates, x, starts, *weights, *begin, remember=False).after


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

    def _advance(self, sums: Tensor, state: State) -> State:
        hidden, cell = state
        i, f, o, g = (sums + linear(hidden, self.state_weight)).chunk(4, dim=-1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell), cell


class Gru(Recurrent):
    """Gated recurrent unit (Cho et al. 2014, https://arxiv.org/abs/1406.1078) that resets after the product with the recurrent weights, as
    in cuDNN. Gates: the input's part of the candidate, reset, update, the state's part of the candidate.
    """

    states_named = ("hidden",)
    gates = Gates(3, 3, kernels.gru_forward, kernels.gru_backward)

    def _advance(self, sums: Tensor, state: State) -> State:
        (hidden,) = state
        n, r, z = sums.chunk(3, dim=-1)
        state_r, state_z, state_n = linear(hidden, self.state_weight).chunk(3, dim=-1)
        r, z = torch.sigmoid(r + state_r), torch.sigmoid(z + state_z)
        n = torch.tanh(n + r * (state_n + self.bias[3 * self.units :]))
        return (n + z * (hidden - n),)
