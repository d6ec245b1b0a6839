"""The pointwise part of recurrent cells, forwards and backwards, for CPUs: what is left of a step when the matrix products are taken out.

A matrix product leaves the sums that enter the gates in ``gates``; the forward kernel turns them into activations in place and computes the
state. The backward kernel turns those activations into the gradient of the sums, again in place, adds its rows to ``d_bias``, and replaces
the gradient of the state after the step by that of the state it used, as far as it does not pass through a matrix product.

Arrays are float32 and contiguous: ``gates`` [B, 4, U], ``bias`` and ``d_bias`` [4, U], all others [B, U]; U units. Where ``keep`` bool [B]
is false the state before counts as zero. A row stays in the first-level cache from loop to loop; the loops are many and small because the
compiler vectorises none that touches more than a few arrays.
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
def add(rows, to):
    """Add ``rows`` to ``to``, both [4, U]."""
    for k in range(len(rows)):
        row, total = rows[k], to[k]
        for j in range(len(row)):
            total[j] += row[j]


@kernel
def lstm_forward(gates, bias, keep, _hidden_before, cell_before, hidden, cell):
    """One step of an LSTM; its gates are input, forget, output and candidate."""
    for b in range(len(gates)):
        before, c, h, kept = cell_before[b], cell[b], hidden[b], F(keep[b])
        i, f, o, g = gates[b, 0], gates[b, 1], gates[b, 2], gates[b, 3]
        for j in range(len(c)):
            i[j] = sigmoid(i[j] + bias[0, j])
        for j in range(len(c)):
            f[j] = sigmoid(f[j] + bias[1, j])
        for j in range(len(c)):
            o[j] = sigmoid(o[j] + bias[2, j])
        for j in range(len(c)):
            g[j] = tanh(g[j] + bias[3, j])
        for j in range(len(c)):
            c[j] = f[j] * kept * before[j] + i[j] * g[j]
        for j in range(len(c)):
            h[j] = o[j] * tanh(c[j])


@kernel
def lstm_backward(gates, d_bias, keep, _hidden_before, cell_before, _hidden, cell, d_hidden, d_cell):
    """The gradient of ``lstm_forward``."""
    for b in range(len(gates)):
        before, c, dh, dc, kept = cell_before[b], cell[b], d_hidden[b], d_cell[b], F(keep[b])
        i, f, o, g = gates[b, 0], gates[b, 1], gates[b, 2], gates[b, 3]
        for j in range(len(c)):
            bent, d = tanh(c[j]), dh[j] * o[j]
            dc[j] += d * (F(1) - bent * bent)
            o[j] = d * bent * (F(1) - o[j])
            dh[j] = F(0)
        for j in range(len(c)):
            opened, d = i[j], dc[j] * i[j]
            i[j] = d * g[j] * (F(1) - opened)
            g[j] = d * (F(1) - g[j] * g[j])
        for j in range(len(c)):
            d = dc[j] * f[j]
            f[j] = d * kept * before[j] * (F(1) - f[j])
            dc[j] = d
        add(gates[b], d_bias)


@kernel
def gru_forward(gates, bias, keep, hidden_before, hidden):
    """One step of a GRU; its gates are the input's part of the candidate, reset, update, and the state's part of the candidate."""
    for b in range(len(gates)):
        before, h, kept = hidden_before[b], hidden[b], F(keep[b])
        n, r, z, m = gates[b, 0], gates[b, 1], gates[b, 2], gates[b, 3]
        for j in range(len(h)):
            r[j] = sigmoid(r[j] + bias[1, j])
        for j in range(len(h)):
            z[j] = sigmoid(z[j] + bias[2, j])
        for j in range(len(h)):
            m[j] += bias[3, j]
        for j in range(len(h)):
            n[j] = tanh(n[j] + bias[0, j] + r[j] * m[j])
        for j in range(len(h)):
            h[j] = n[j] + z[j] * (kept * before[j] - n[j])


@kernel
def gru_backward(gates, d_bias, keep, hidden_before, _hidden, d_hidden):
    """The gradient of ``gru_forward``."""
    for b in range(len(gates)):
        before, dh, kept = hidden_before[b], d_hidden[b], F(keep[b])
        n, r, z, m = gates[b, 0], gates[b, 1], gates[b, 2], gates[b, 3]
        for j in range(len(dh)):
            opened, d = z[j], dh[j] * (F(1) - z[j])
            z[j] = d * (kept * before[j] - n[j]) * opened
            n[j] = d * (F(1) - n[j] * n[j])
            dh[j] *= opened
        for j in range(len(dh)):
            opened, d = r[j], n[j] * r[j]
            r[j] = d * m[j] * (F(1) - opened)
            m[j] = d
        add(gates[b], d_bias)
