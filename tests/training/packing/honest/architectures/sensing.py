"""Networks that know what of an observation is rays, people or a picture."""

import torch
from torch import nn
from torch.nn import functional as F

from honest.room import FACTS, LOGITS, PEOPLE, PICTURE, PLAIN, RAYS, WHERE, Policy, people_of


class RayConvolution(Policy):
    """A circular convolution over the rays, pooled."""

    def __init__(self):
        super().__init__()
        self.look = nn.Conv1d(1, 4, 3, padding=1, padding_mode="circular")
        self.again, self.last = nn.Conv1d(4, 4, 3, stride=2), nn.Linear(4 * 3 + 6, LOGITS)

    def forward(self, observation):
        rays = F.max_pool1d(torch.relu(self.look(observation[:, None, WHERE["rays"]])), 2)
        seen = torch.relu(self.again(rays)).flatten(1)
        return (self.last(torch.cat([seen, observation[:, WHERE["body"]]], dim=1)),)


class Picture(Policy):
    """Convolutions over the picture, the rest beside it."""

    def __init__(self):
        super().__init__()
        self.eye = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.last = nn.Linear(8 * 2 * 2 + PLAIN, LOGITS)

    def forward(self, observation):
        picture = observation[:, WHERE["picture"]].reshape(-1, *PICTURE)
        return (self.last(torch.cat([self.eye(picture), observation[:, :PLAIN]], dim=1)),)


class Impala(Policy):
    """A residual tower (Espeholt et al. 2018): pooling, depthwise convolution, the mean over the picture."""

    def __init__(self):
        super().__init__()
        self.first, self.a = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.b, self.last = nn.Conv2d(8, 8, 1), nn.Linear(8, LOGITS)

    def forward(self, observation):
        seen = F.max_pool2d(self.first(observation[:, -192:].view(-1, 3, 8, 8)), 3, 2, 1)
        seen = seen + self.b(torch.relu(self.a(torch.relu(seen))))
        return (self.last(F.adaptive_avg_pool2d(seen, 1).flatten(1)),)


class SquareBlocks(Policy):
    """A vision transformer's patches, by unshuffling pixels; squeeze and excitation over channels."""

    def __init__(self):
        super().__init__()
        self.squeeze, self.last = nn.Linear(12, 12), nn.Linear(12 * 16, LOGITS)

    def forward(self, observation):
        patches = F.pixel_unshuffle(observation[:, WHERE["picture"]].reshape(-1, *PICTURE), 2)
        weight = torch.sigmoid(self.squeeze(patches.mean(dim=(2, 3))))
        return (self.last((patches * weight[:, :, None, None]).flatten(1)),)


class PeopleAttention(Policy):
    """Attention over those people who are there, by torch's own module."""

    def __init__(self):
        super().__init__()
        self.embed, self.ask = nn.Linear(FACTS, 8), nn.Linear(6, 8)
        self.attention, self.last = nn.MultiheadAttention(8, 2, batch_first=True), nn.Linear(8, LOGITS)

    def forward(self, observation):
        people, here = people_of(observation)
        query, keys = self.ask(observation[:, None, WHERE["body"]]), self.embed(people)
        away = (~here).float().masked_fill(~here, -1e4).repeat_interleave(2, dim=0)[:, None]
        found, _ = self.attention(query, keys, keys, attn_mask=away, need_weights=False)
        return (self.last(found[:, 0]),)


class ScaledDotProduct(Policy):
    """Attention by torch's function, heads split by hand."""

    def __init__(self):
        super().__init__()
        self.project, self.last = nn.Linear(FACTS, 24), nn.Linear(PEOPLE * 8, LOGITS)

    def forward(self, observation):
        people, here = people_of(observation)
        q, k, v = (part.reshape(-1, PEOPLE, 2, 4).transpose(1, 2) for part in self.project(people).chunk(3, dim=-1))
        mask = torch.where(here, 0.0, -1e4)[:, None, None, :]
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return (self.last(found.transpose(1, 2).reshape(-1, PEOPLE * 8)),)


class DeepSet(Policy):
    """The mean and the maximum over people (Zaheer et al. 2017)."""

    def __init__(self):
        super().__init__()
        self.each, self.last = nn.Linear(FACTS, 8), nn.Linear(16, LOGITS)

    def forward(self, observation):
        people, here = people_of(observation)
        told = torch.relu(self.each(people)) * here[:, :, None]
        count = here.sum(dim=1, keepdim=True).clamp(min=1)
        return (self.last(torch.cat([told.sum(dim=1) / count, told.amax(dim=1)], dim=1)),)


class SocialPooling(Policy):
    """People sorted by distance, the nearest two looked at; graph messages between all pairs."""

    def __init__(self):
        super().__init__()
        self.message, self.last = nn.Linear(2 * FACTS, 6), nn.Linear(6 + 2 * FACTS, LOGITS)

    def forward(self, observation):
        people, _ = people_of(observation)
        order = people[:, :, 1:3].norm(dim=-1).argsort(dim=1)
        nearest = people.gather(1, order[:, :2, None].expand(-1, -1, FACTS)).flatten(1)
        a, b = people[:, :, None].expand(-1, -1, PEOPLE, -1), people[:, None].expand(-1, PEOPLE, -1, -1)
        told = torch.relu(self.message(torch.cat([a, b], dim=-1))).mean(dim=(1, 2))
        return (self.last(torch.cat([told, nearest], dim=1)),)


class Transformer(Policy):
    """Everything as tokens, through torch's encoder layer."""

    def __init__(self):
        super().__init__()
        self.people, self.rays = nn.Linear(FACTS, 8), nn.Linear(4, 8)
        self.place = nn.Parameter(torch.randn(PEOPLE + 4, 8))
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True, activation="gelu")
        self.last = nn.Linear(8, LOGITS)

    def forward(self, observation):
        rays = observation[:, WHERE["rays"]].reshape(-1, 4, RAYS // 4)
        tokens = torch.cat([self.people(people_of(observation)[0]), self.rays(rays)], dim=1) + self.place
        return (self.last(self.block(tokens).mean(dim=1)),)


class SlotAttention(Policy):
    """Learnt queries that compete for people, three times, the weights shared."""

    def __init__(self):
        super().__init__()
        self.slots, self.keys, self.values = nn.Parameter(torch.randn(2, 8)), nn.Linear(FACTS, 8), nn.Linear(FACTS, 8)
        self.update, self.last = nn.GRUCell(8, 8), nn.Linear(16, LOGITS)

    def forward(self, observation):
        people, _ = people_of(observation)
        keys, values = self.keys(people), self.values(people)
        slots = self.slots.expand(people.shape[0], -1, -1)
        for _ in range(3):
            share = torch.softmax(slots @ keys.transpose(1, 2) / 8**0.5, dim=1) + 1e-6
            share = share / share.sum(dim=-1, keepdim=True)
            slots = self.update((share @ values).reshape(-1, 8), slots.reshape(-1, 8)).reshape(-1, 2, 8)
        return (self.last(slots.flatten(1)),)
