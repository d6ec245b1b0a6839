"""The pointwise part of recurrent cells, forwards and backwards, for CPUs: what is left of a step when the matrix products are taken out.

A matrix product leaves the sums that enter the gates in ``gates``; the forward kernel turns them into activations in place and computes the
state. The backward kernel reads those activations, replaces the gradient of the state after the step by that of the state before it (as far
as it does not pass through a matrix product), and fills ``d_gates`` with the gradient of the sums. Arrays are float32 and contiguous:
``gates`` and ``d_gates`` [B, 4U], ``bias`` and ``d_bias`` [4U], all others [B, U]; U units. Loops run over one row at a time and one
or two of its arrays each, because such loops vectorise, and a row stays in the first-level cache between them.
"""

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

F = np.float32


@inlined
def tanh(x):
    """tanh to within 5e-7: minimax rational function on [-8, 8], clamped outside; unlike the library's it vectorises. NaN stays NaN."""
    x = F(8) if x > F(8) else x
    x = F(-8) if x < F(-8) else x
    s = x * x
    top = F(0.999999362) + s * (F(0.12913641) + s * (F(0.0029388274) + s * F(1.13102206e-05)))
    return x * top / (F(1) + s * (F(0.462467397) + s * (F(0.0237638258) + s * (F(0.000237028429) + s * F(2.42384027e-07)))))


@inlined
def sigmoid(x):
    """1 / (1 + exp(-x)) to within 3e-7."""
    return F(0.5) + F(0.5) * tanh(F(0.5) * x)


@kernel
def lstm_forward(gates, bias, _hidden_before, cell_before, hidden, cell):
    """One step of an LSTM; ``gates`` holds input, forget, output and candidate side by side."""
    units = hidden.shape[1]
    for b in range(len(gates)):
        row, c, h, before = gates[b], cell[b], hidden[b], cell_before[b]
        for j in range(3 * units):
            row[j] = sigmoid(row[j] + bias[j])
        for j in range(3 * units, 4 * units):
            row[j] = tanh(row[j] + bias[j])
        for j in range(units):
            c[j] = row[units + j] * before[j] + row[j] * row[3 * units + j]
        for j in range(units):
            h[j] = row[2 * units + j] * tanh(c[j])


@kernel
def lstm_backward(gates, d_gates, d_bias, _hidden_before, cell_before, _hidden, cell, d_hidden, d_cell):
    """The gradient of ``lstm_forward``; adds the rows of ``d_gates`` to ``d_bias``."""
    units = cell.shape[1]
    for b in range(len(gates)):
        row, d_row, c, before, dh, dc = gates[b], d_gates[b], cell[b], cell_before[b], d_hidden[b], d_cell[b]
        for j in range(units):
            i, f, o, g, bent = row[j], row[units + j], row[2 * units + j], row[3 * units + j], tanh(c[j])
            inner = dc[j] + dh[j] * o * (F(1) - bent * bent)
            d_row[j] = inner * g * i * (F(1) - i)
            d_row[units + j] = inner * before[j] * f * (F(1) - f)
            d_row[2 * units + j] = dh[j] * bent * o * (F(1) - o)
            d_row[3 * units + j] = inner * i * (F(1) - g * g)
            dc[j] = inner * f
            dh[j] = F(0)
        for j in range(4 * units):
            d_bias[j] += d_row[j]


@kernel
def gru_forward(gates, bias, before, hidden):
    """One step of a GRU; ``gates`` holds the input's part of the candidate, reset, update, and the state's part of the candidate."""
    units = hidden.shape[1]
    for b in range(len(gates)):
        row, h, old = gates[b], hidden[b], before[b]
        for j in range(units, 3 * units):
            row[j] = sigmoid(row[j] + bias[j])
        for j in range(3 * units, 4 * units):
            row[j] += bias[j]
        for j in range(units):
            row[j] = tanh(row[j] + bias[j] + row[units + j] * row[3 * units + j])
        for j in range(units):
            h[j] = row[j] + row[2 * units + j] * (old[j] - row[j])


@kernel
def gru_backward(gates, d_gates, d_bias, before, _hidden, d_hidden):
    """The gradient of ``gru_forward``; adds the rows of ``d_gates`` to ``d_bias``."""
    units = before.shape[1]
    for b in range(len(gates)):
        row, d_row, old, dh = gates[b], d_gates[b], before[b], d_hidden[b]
        for j in range(units):
            n, r, z, m = row[j], row[units + j], row[2 * units + j], row[3 * units + j]
            d_candidate = dh[j] * (F(1) - z) * (F(1) - n * n)
            d_row[j] = d_candidate
            d_row[units + j] = d_candidate * m * r * (F(1) - r)
            d_row[2 * units + j] = dh[j] * (old[j] - n) * z * (F(1) - z)
            d_row[3 * units + j] = d_candidate * r
            dh[j] *= z
        for j in range(4 * units):
            d_bias[j] += d_row[j]
