"""Networks without memory that see an observation as one row of numbers."""

import torch
from torch import nn
from torch.nn import functional as F

from honest.room import LOGITS, PLAIN, SIZE, WHERE, WORDS, Policy


class Sequential(Policy):
    """Layers one after the other."""

    def layers(self):
        return [nn.Linear(SIZE, 16), nn.Tanh(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, LOGITS)]

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(*self.layers())

    def forward(self, observation):
        return (self.net(observation),)


class SmoothActivations(Sequential):
    def layers(self):
        kinds = (nn.SiLU, nn.GELU, nn.ELU, nn.SELU, nn.CELU, nn.Mish, nn.Softplus, nn.Softsign, nn.Sigmoid, nn.LogSigmoid, nn.Tanhshrink)
        middle = [layer for kind in kinds for layer in (kind(), nn.Linear(12, 12))]
        return [nn.Linear(SIZE, 12), *middle, nn.GELU(approximate="tanh"), nn.Linear(12, LOGITS)]


class BentActivations(Sequential):
    def layers(self):
        kinds = (nn.ReLU6(), nn.LeakyReLU(), nn.PReLU(12), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardtanh(), nn.Hardshrink(0.01))
        kinds += (nn.Threshold(0.0, 0.0),)
        middle = [layer for kind in kinds for layer in (nn.Linear(12, 12), kind)]
        return [nn.Linear(SIZE, 12), *middle, nn.Linear(12, LOGITS)]


class Normalised(Sequential):
    """Batch normalisation as it is after training, layer and group normalisation, and dropout, which does nothing any more."""

    def layers(self):
        begin = [nn.Linear(SIZE, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3)]
        return [*begin, nn.Linear(16, 16), nn.LayerNorm(16), nn.ReLU(), nn.GroupNorm(4, 16), nn.Linear(16, LOGITS)]


class Standardised(Sequential):
    """Observations are brought to mean 0 and deviation 1, and cut off, as VecNormalize does."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", 0.1 * torch.randn(SIZE))
        self.register_buffer("variance", torch.rand(SIZE) + 0.1)

    def forward(self, observation):
        return (self.net(((observation - self.mean) / torch.sqrt(self.variance + 1e-8)).clamp(-10.0, 10.0)),)


class Residual(Policy):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(SIZE, 16), nn.Linear(16, LOGITS)
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16)) for _ in range(3))

    def forward(self, observation):
        seen = self.first(observation)
        for block in self.blocks:
            seen = seen + block(seen)
        return (self.last(seen),)


class Dense(Policy):
    """Every layer sees all layers before it (D2RL, Sinha et al. 2020)."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(SIZE + 8 * k, 8) for k in range(4))
        self.last = nn.Linear(SIZE + 32, LOGITS)

    def forward(self, observation):
        seen = observation
        for layer in self.layers:
            seen = torch.cat([seen, torch.relu(layer(seen))], dim=1)
        return (self.last(seen),)


class Highway(Policy):
    """Gated linear units and a gate around a layer."""

    def __init__(self):
        super().__init__()
        self.first, self.gate, self.change, self.last = nn.Linear(SIZE, 32), nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, LOGITS)

    def forward(self, observation):
        seen = F.glu(self.first(observation), dim=-1)
        share = torch.sigmoid(self.gate(seen))
        return (self.last(share * F.silu(self.change(seen)) + (1 - share) * seen),)


class Siren(Policy):
    """Sines as activations (Sitzmann et al. 2020)."""

    def __init__(self):
        super().__init__()
        self.first, self.middle, self.last = nn.Linear(SIZE, 16), nn.Linear(16, 16), nn.Linear(16, LOGITS)

    def forward(self, observation):
        return (self.last(torch.sin(self.middle(torch.sin(3.0 * self.first(observation))))),)


class FourierFeatures(Policy):
    def __init__(self):
        super().__init__()
        self.register_buffer("waves", torch.randn(PLAIN, 12))
        self.last = nn.Linear(24, LOGITS)

    def forward(self, observation):
        phase = observation[:, :PLAIN] @ self.waves
        return (self.last(torch.cat([phase.sin(), phase.cos()], dim=-1)),)


class Film(Policy):
    """What is heard scales and shifts what is seen (Perez et al. 2018)."""

    def __init__(self):
        super().__init__()
        self.seen, self.heard, self.last = nn.Linear(SIZE, 16), nn.Linear(WORDS, 32), nn.Linear(16, LOGITS)

    def forward(self, observation):
        scale, shift = self.heard(observation[:, WHERE["word"]]).chunk(2, dim=-1)
        return (self.last(torch.relu(self.seen(observation) * (1 + scale) + shift)),)


class WordEmbedding(Policy):
    """The one-hot word as the row of a table."""

    def __init__(self):
        super().__init__()
        self.table, self.first, self.last = nn.Embedding(WORDS, 8), nn.Linear(SIZE, 8), nn.Linear(16, LOGITS)

    def forward(self, observation):
        word = self.table(observation[:, WHERE["word"]].argmax(dim=1))
        return (self.last(torch.cat([word, torch.tanh(self.first(observation))], dim=1)),)


class Experts(Policy):
    """A mixture of experts under a soft gate."""

    def __init__(self):
        super().__init__()
        self.gate, self.experts = nn.Linear(SIZE, 3), nn.ModuleList(nn.Linear(SIZE, LOGITS) for _ in range(3))

    def forward(self, observation):
        told = torch.stack([expert(observation) for expert in self.experts], dim=1)
        return ((torch.softmax(self.gate(observation), dim=-1)[:, :, None] * told).sum(dim=1),)


class FewExperts(Policy):
    """The best two of four experts, by their indices."""

    def __init__(self):
        super().__init__()
        self.gate, self.experts = nn.Linear(SIZE, 4), nn.Parameter(0.1 * torch.randn(4, SIZE, LOGITS))

    def forward(self, observation):
        weight, which = self.gate(observation).topk(2, dim=-1)
        told = torch.einsum("bd,edl->bel", observation, self.experts)
        chosen = told.gather(1, which[:, :, None].expand(-1, -1, LOGITS))
        return ((torch.softmax(weight, dim=-1)[:, :, None] * chosen).sum(dim=1),)


class Hypernetwork(Policy):
    """What is heard makes the weights of the layer that sees the body."""

    def __init__(self):
        super().__init__()
        self.maker, self.last = nn.Linear(WORDS, 6 * 4), nn.Linear(4, LOGITS)

    def forward(self, observation):
        weight = self.maker(observation[:, WHERE["word"]]).reshape(-1, 6, 4)
        return (self.last(torch.bmm(observation[:, None, WHERE["body"]], weight)[:, 0].tanh()),)


class WeightNormalised(Policy):
    """Weight normalisation, which is computed in the graph each time."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(SIZE, 8)
        self.last = nn.utils.parametrizations.weight_norm(nn.Linear(8, LOGITS))

    def forward(self, observation):
        return (self.last(torch.relu(self.first(observation))),)


class Kernel(Policy):
    """Radial basis functions, the distances computed by torch.cdist's formula."""

    def __init__(self):
        super().__init__()
        self.centres, self.last = nn.Parameter(torch.randn(10, PLAIN)), nn.Linear(10, LOGITS)

    def forward(self, observation):
        gap = (observation[:, None, :PLAIN] - self.centres).pow(2).sum(dim=-1)
        return (self.last(torch.exp(-gap / PLAIN)),)


class RootMeanSquare(Sequential):
    """Normalised by the root of the mean square, written out, as before exporters knew it."""

    def forward(self, observation):
        return (self.net(observation * torch.rsqrt(observation.square().mean(dim=-1, keepdim=True) + 1e-6)),)
