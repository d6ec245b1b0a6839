"""Recurrent networks that walk on step by step: an LSTM over displacements, with cues of goal, walls, gaze and company, and its heads.

N people, S samples, H units. Places may be turned about the origin all together; nothing but differences of places is looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from avatarium.training.trajectory import walls
from avatarium.training.trajectory.windows import OBSERVED, PREDICTED, Past

CELLS, CELL_M = 4, 1.0
"""Of the grid around a person on which the states of others are pooled: cells along each side, and their size."""
FARTHEST_M = 10.0
"""From here on a goal is far."""
LEAST_STD_M = 0.005
"""Of a component of a mixture."""


@dataclass(frozen=True)
class Shape:
    """What a network is made of."""

    hidden: int = 64
    layers: int = 2
    mixtures: int = 0
    """Gaussians of the density of the next step; 0: one displacement without a density."""
    company: bool = False
    """States of people near by are pooled on a grid (Alahi et al. 2016)."""
    goal: bool = False
    """Direction and distance of the goal, where it is known."""
    gaze: bool = False
    """Where somebody looked in the last step observed."""
    walls: bool = False
    """Distances to walls and things."""

    @property
    def inputs(self) -> int:
        """Numbers that are put in at each step, without the company."""
        return 2 + 4 * self.goal + 2 * self.gaze + walls.RAYS * self.walls


class People:
    """The people of a batch as tensors, turned about the origin by ``turn`` (float32 [N], rad)."""

    def __init__(self, past: Past, turn: np.ndarray) -> None:
        self.cos, self.sin = torch.from_numpy(np.cos(turn)), torch.from_numpy(np.sin(turn))
        self.observed = self.turned(torch.from_numpy(past.observed))
        self.known = torch.from_numpy(~np.isnan(past.goal[:, 0])).float()[:, None]
        self.goal = self.turned(torch.from_numpy(np.nan_to_num(past.goal)))
        self.gaze = self.turned(torch.from_numpy(np.nan_to_num(past.facing)))
        self._plan, (self._boxes, self._counts) = past.plan, walls.padded(past.plans)
        self.pairs = _pairs(past.moment)

    def turned(self, places: Tensor) -> Tensor:
        """[N, ..., 2] from the world to the batch."""
        cos, sin = (part.reshape(-1, *[1] * (places.dim() - 2)) for part in (self.cos, self.sin))
        return torch.stack([cos * places[..., 0] - sin * places[..., 1], sin * places[..., 0] + cos * places[..., 1]], dim=-1)

    def back(self, places: Tensor) -> Tensor:
        """[N, ..., 2] from the batch to the world."""
        cos, sin = (part.reshape(-1, *[1] * (places.dim() - 2)) for part in (self.cos, self.sin))
        return torch.stack([cos * places[..., 0] + sin * places[..., 1], cos * places[..., 1] - sin * places[..., 0]], dim=-1)

    def walls(self, places: Tensor) -> Tensor:
        """float32 [N, RAYS]: how near walls are to places [N, 2] of the batch, along rays that turn with it."""
        world, out = self.back(places.detach()).numpy(), np.zeros((len(places), walls.RAYS), np.float32)
        turned = torch.stack([self.cos, -self.sin], dim=1).numpy()
        walls.cast(world, turned, self._plan, self._boxes, self._counts, out)
        return torch.from_numpy(out)


def _pairs(moment: np.ndarray) -> tuple[Tensor, Tensor]:
    """(who, whom): all pairs of unlike rows of one moment, which has to hold consecutive rows."""
    begins = np.flatnonzero(np.diff(moment, prepend=moment[:1] - 1))
    sizes = np.diff(np.append(begins, len(moment)))
    who = np.repeat(np.arange(len(moment)), np.repeat(sizes, sizes))
    first = np.repeat(np.repeat(begins, sizes), np.repeat(sizes, sizes))
    within = np.arange(len(who)) - np.repeat(np.cumsum(np.repeat(sizes, sizes)) - np.repeat(sizes, sizes), np.repeat(sizes, sizes))
    whom = first + within
    return torch.from_numpy(who[who != whom]), torch.from_numpy(whom[who != whom])


class Walker(nn.Module):
    """Takes displacements and cues, step by step, and tells the next displacement: a share of the last one observed, and a residual.

    Of each displacement its head tells the residual (m) and by how much the share is above 1: untaught it goes on as before.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Linear(shape.inputs, shape.hidden)
        self.pooling = nn.Linear(CELLS * CELLS * shape.hidden, shape.hidden) if shape.company else None
        self.lstm = nn.LSTM(shape.hidden * (1 + shape.company), shape.hidden, shape.layers)
        self.head = nn.Linear(shape.hidden, max(shape.mixtures, 1) * (6 if shape.mixtures else 3))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if shape.mixtures:  # components that begin alike would stay alike
            nn.init.normal_(self.head.bias, std=0.1)

    def steps(self, people: People) -> "Steps":
        """Everybody after the steps observed."""
        return Steps(self, people)


def onward(outputs: Tensor, velocity: Tensor) -> Tensor:
    """[..., 2]: the displacement that outputs [..., 3] tell, beside the last one observed, ``velocity`` [..., 2]."""
    return (1 + outputs[..., 2:]) * velocity + outputs[..., :2]


class Steps:
    """Everybody on the way: ``place`` [N, 2] is where they are, ``outputs`` what the network says of the next displacement."""

    def __init__(self, network: Walker, people: People) -> None:
        self._network, self._people = network, people
        self._state: tuple[Tensor, Tensor] | None = None
        self.place = people.observed[:, 0]
        self.velocity = people.observed[:, -1] - people.observed[:, -2]
        for t in range(1, OBSERVED):
            self.go(people.observed[:, t])

    def go(self, place: Tensor) -> None:
        """Everybody goes on to ``place`` [N, 2]."""
        network, moved, self.place = self._network, place - self.place, place
        parts = [torch.relu(network.embedding(torch.cat(list(self._cues(moved)), dim=1)))]
        if network.pooling is not None:
            parts.append(torch.relu(network.pooling(self._company())))
        found, self._state = network.lstm(torch.cat(parts, dim=1)[None], self._state)
        self.outputs = network.head(found[0])

    def _cues(self, moved: Tensor) -> Iterator[Tensor]:
        shape, people = self._network.shape, self._people
        yield moved
        if shape.goal:
            away = people.goal - self.place
            distance = away.norm(dim=1, keepdim=True) + 1e-6
            near = torch.clamp(distance / FARTHEST_M, max=1.0)
            yield torch.cat([away / distance, 1 - near, torch.ones_like(near)], dim=1) * people.known
        if shape.gaze:
            yield people.gaze
        if shape.walls:
            yield people.walls(self.place)

    def _company(self) -> Tensor:
        """[N, cells x H]: sums of the states of the others in each cell around everybody."""
        hidden = self._network.shape.hidden
        grid = self.place.new_zeros((len(self.place) * CELLS * CELLS, hidden))
        if self._state is not None:
            who, whom = self._people.pairs
            cell = torch.floor((self.place[whom] - self.place[who]).detach() / CELL_M + CELLS / 2).long()
            near = ((cell >= 0) & (cell < CELLS)).all(dim=1)
            index = who * CELLS * CELLS + cell[:, 0] * CELLS + cell[:, 1]
            grid = grid.index_add(0, index[near], self._state[0][-1][whom[near]])
        return grid.reshape(len(self.place), -1)


class Literal(nn.Module):
    """The network as it is often written down: two layers of an LSTM over absolute places, whose state gives the next place."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.lstm = nn.LSTM(2, shape.hidden, shape.layers, batch_first=True)
        self.head = nn.Linear(shape.hidden, 2)

    def forward(self, places: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(the place [N, T, 2] after each of ``places`` [N, T, 2], the state after the last)."""
        found, state = self.lstm(places, state)
        return self.head(found), state

    def path(self, observed: Tensor) -> Tensor:
        """[N, 12, 2]: rolled out, each place that was predicted being put in as if it had been seen."""
        found, state = self(observed)
        places = [found[:, -1:]]
        while len(places) < PREDICTED:
            found, state = self(places[-1], state)
            places.append(found)
        return torch.cat(places, dim=1)
