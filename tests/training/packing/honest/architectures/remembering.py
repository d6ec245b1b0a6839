"""Networks with memory."""

import torch
from torch import nn
from torch.nn import functional as F

from honest.room import LOGITS, PLAIN, SIZE, Policy


class LstmLayers(Policy):
    """torch's LSTM of two layers, asked for one step; the axis of layers comes after the batch."""

    state_shapes = {"hidden": (2, 8), "cell": (2, 8)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.lstm, self.last = nn.LSTM(PLAIN, 8, num_layers=2, batch_first=True), nn.Linear(8, LOGITS)

    def forward(self, observation, hidden, cell):
        memory = (hidden.transpose(0, 1).contiguous(), cell.transpose(0, 1).contiguous())
        found, (hidden, cell) = self.lstm(observation[:, None, :PLAIN], memory)
        return self.last(found[:, 0]), hidden.transpose(0, 1), cell.transpose(0, 1)


class GruLayer(Policy):
    state_shapes = {"hidden": (8,)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.gru, self.last = nn.GRU(PLAIN, 8), nn.Linear(8, LOGITS)

    def forward(self, observation, hidden):
        found, after = self.gru(observation[None, :, :PLAIN], hidden[None])
        return self.last(found[0]), after[0]


class LstmStep(Policy):
    """torch's cell, behind a layer, with the value told."""

    state_shapes = {"hidden": (8,), "cell": (8,)}  # noqa: RUF012
    value = True

    def __init__(self):
        super().__init__()
        self.first, self.cell, self.last, self.critic = nn.Linear(SIZE, 12), nn.LSTMCell(12, 8), nn.Linear(8, LOGITS), nn.Linear(8, 1)

    def forward(self, observation, hidden, cell):
        hidden, cell = self.cell(torch.relu(self.first(observation)), (hidden, cell))
        return self.last(hidden), self.critic(hidden), hidden, cell


class GruStep(Policy):
    state_shapes = {"hidden": (8,)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.cell, self.last = nn.GRUCell(SIZE, 8), nn.Linear(8, LOGITS)

    def forward(self, observation, hidden):
        hidden = self.cell(observation, hidden)
        return self.last(hidden), hidden


class Elman(Policy):
    state_shapes = {"hidden": (8,)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.cell, self.last = nn.RNNCell(SIZE, 8), nn.Linear(8, LOGITS)

    def forward(self, observation, hidden):
        hidden = self.cell(observation, hidden)
        return self.last(hidden), hidden


class LightUnit(Policy):
    """A minimal gated unit, normalised inside."""

    state_shapes = {"hidden": (8,)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.gate, self.change, self.last = nn.Linear(SIZE + 8, 8), nn.Linear(SIZE + 8, 8), nn.Linear(8, LOGITS)

    def forward(self, observation, hidden):
        share = torch.sigmoid(self.gate(torch.cat([observation, hidden], dim=1)))
        change = torch.tanh(F.layer_norm(self.change(torch.cat([observation, share * hidden], dim=1)), (8,)))
        hidden = (1 - share) * hidden + share * change
        return self.last(hidden), hidden


class StateSpace(Policy):
    """A diagonal state space that forgets at learnt rates (Gu et al. 2022)."""

    state_shapes = {"state": (4, 6)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.rate, self.write, self.last = nn.Parameter(torch.randn(4, 6)), nn.Linear(SIZE, 24), nn.Linear(24, LOGITS)

    def forward(self, observation, state):
        keep = torch.exp(-F.softplus(self.rate))
        state = keep * state + (1 - keep) * self.write(observation).tanh().reshape(-1, 4, 6)
        return self.last(state.flatten(1)), state


class Frames(Policy):
    """The last four observations of the body side by side."""

    state_shapes = {"frames": (3, 6)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(24, 12), nn.ReLU(), nn.Linear(12, LOGITS))

    def forward(self, observation, frames):
        frames = torch.cat([frames, observation[:, None, :6]], dim=1)
        return self.net(frames.flatten(1)), frames[:, 1:]


class Window(Policy):
    """A transformer block over the last steps, kept as embeddings; a clock tells how many there are."""

    state_shapes = {"window": (6, 8), "clock": (1,)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Linear(SIZE, 8), nn.Parameter(0.1 * torch.randn(6, 8))
        self.project, self.out, self.norm, self.last = nn.Linear(8, 24), nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, LOGITS)
        self.register_buffer("age", torch.arange(5.0, -1.0, -1.0))

    def forward(self, observation, window, clock):
        window = torch.cat([window[:, 1:], torch.tanh(self.embed(observation))[:, None]], dim=1)
        clock = torch.clamp(clock + 1, max=6)
        q, k, v = self.project(self.norm(window + self.place)).split(8, dim=-1)
        unseen = self.age[None] >= clock
        share = torch.softmax((q[:, -1:] @ k.transpose(1, 2) / 8**0.5).masked_fill(unseen[:, None], -1e4), dim=-1)
        return self.last(window[:, -1] + self.out(share @ v)[:, 0]), window, clock


class GatedTransformer(Policy):
    """GTrXL (Parisotto et al. 2020): what attention finds enters through a GRU's gates; relative rotations of queries and keys."""

    state_shapes = {"window": (4, 8)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.embed, self.project, self.gate, self.last = nn.Linear(SIZE, 8), nn.Linear(8, 24), nn.GRUCell(8, 8), nn.Linear(8, LOGITS)
        angle = torch.arange(4.0)[:, None] / 10.0 ** torch.arange(4.0)
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())

    def turned(self, x):
        a, b = x[..., ::2], x[..., 1::2]
        return torch.stack([a * self.cos - b * self.sin, a * self.sin + b * self.cos], dim=-1).flatten(-2)

    def forward(self, observation, window):
        new = torch.tanh(self.embed(observation))
        window = torch.cat([window[:, 1:], new[:, None]], dim=1)
        q, k, v = self.project(window).chunk(3, dim=-1)
        share = torch.softmax(self.turned(q) @ self.turned(k).transpose(1, 2) / 8**0.5, dim=-1)
        return self.last(self.gate((share @ v)[:, -1], new)), window


class Ring(Policy):
    """A ring of slots, written in place where the clock points."""

    state_shapes = {"slots": (4, 6), "clock": (4,)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(24, LOGITS)

    def forward(self, observation, slots, clock):
        here = torch.where(clock.sum(dim=1, keepdim=True) > 0, clock.roll(1, dims=1), torch.eye(4)[:1])
        slots = torch.where(here[:, :, None] > 0.5, observation[:, None, :6], slots)
        return self.last(slots.flatten(1)), slots, here


class FastWeights(Policy):
    """An outer product that is written and read (Ba et al. 2016), kept bounded by its norm."""

    state_shapes = {"weights": (6, 6)}  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.key, self.value_of, self.last = nn.Linear(SIZE, 6), nn.Linear(SIZE, 6), nn.Linear(6, LOGITS)

    def forward(self, observation, weights):
        key = F.normalize(self.key(observation), dim=-1)
        weights = 0.9 * weights + 0.1 * torch.einsum("bi,bj->bij", torch.tanh(self.value_of(observation)), key)
        return self.last((weights @ key[:, :, None]).squeeze(-1)), weights
