"""Models that learn: their names, how each learns from a batch, and how it predicts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from avatarium.training.trajectory import mixtures
from avatarium.training.trajectory.networks import Literal, People, Shape, Walker, onward
from avatarium.training.trajectory.windows import PREDICTED, Past

SHAPES = {
    "literal": Shape(),
    "displacement": Shape(),
    "mdn": Shape(mixtures=5),
    "social": Shape(company=True),
    "goal": Shape(goal=True, gaze=True, walls=True, company=True),
}
AT_ONCE = 2048
"""Rows that are predicted together, about."""


class Predictor(Protocol):
    """Whatever predicts."""

    name: str

    def predict(self, past: Past, samples: int, seed: int = 0) -> np.ndarray:
        """float32 [samples, N, 12, 2]: predicted places, m; one sample is the path expected, several are draws where there is a density."""

    def likelihood(self, past: Past, future: np.ndarray) -> np.ndarray | None:
        """float32 [N]: mean log-density per step (1/m²) of the true steps, each given those before; None without a density."""


@dataclass
class Model:
    """A network with the name of its kind, and the seconds between the steps that it learnt from."""

    name: str
    network: Walker | Literal
    step_s: float
    trained: str = ""
    """On what, and for how long, in words."""

    @classmethod
    def new(cls, name: str, step_s: float, seed: int) -> "Model":
        """One that has learnt nothing, with weights drawn from ``seed``."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return cls(name, network(name), step_s)

    def predict(self, past: Past, samples: int, seed: int = 0) -> np.ndarray:
        """See ``Predictor``."""
        rng = torch.Generator().manual_seed(seed)
        found = np.zeros((samples, len(past), PREDICTED, 2), np.float32)
        draws = samples if samples > 1 and SHAPES[self.name].mixtures else 1
        with torch.no_grad():
            for rows in chunks(past.moment):
                people = People(past.take(rows), np.zeros(rows.stop - rows.start, np.float32))
                for k in range(draws):
                    found[k, rows] = self.paths(people, rng if draws > 1 else None).numpy()
        found[draws:] = found[0]
        return found

    def paths(self, people: People, rng: torch.Generator | None) -> Tensor:
        """[N, 12, 2]: one path each, drawn by ``rng`` where there is a density, else the one expected."""
        if isinstance(self.network, Literal):
            return self.network.path(people.observed)
        steps, places = self.network.steps(people), []
        for t in range(PREDICTED):
            places.append(steps.place + self._next(steps.outputs, steps.velocity, rng))
            if t < PREDICTED - 1:
                steps.go(places[-1])
        return torch.stack(places, dim=1)

    def _next(self, outputs: Tensor, velocity: Tensor, rng: torch.Generator | None) -> Tensor:
        """[N, 2]: the next displacement."""
        if not SHAPES[self.name].mixtures:
            return onward(outputs, velocity)
        return mixtures.mean(outputs, velocity) if rng is None else mixtures.draw(outputs, velocity, rng)

    def likelihood(self, past: Past, future: np.ndarray) -> np.ndarray | None:
        """See ``Predictor``."""
        if not SHAPES[self.name].mixtures:
            return None
        found = np.zeros(len(past), np.float32)
        with torch.no_grad():
            for rows in chunks(past.moment):
                people = People(past.take(rows), np.zeros(rows.stop - rows.start, np.float32))
                each, known = self.log_densities(people, torch.from_numpy(future[rows]))
                found[rows] = (each.sum(dim=1) / known.sum(dim=1)).numpy()
        return found

    def log_densities(self, people: People, future: Tensor) -> tuple[Tensor, Tensor]:
        """([N, 12] of the true steps, 0 where there is none, and which there are): everybody goes where they truly went."""
        assert isinstance(self.network, Walker)
        known = ~torch.isnan(future[..., 0])
        steps, each = self.network.steps(people), []
        for t in range(PREDICTED):
            place = torch.where(known[:, t, None], future[:, t], steps.place)
            each.append(torch.where(known[:, t], mixtures.log_density(steps.outputs, steps.velocity, place - steps.place), 0.0))
            if t < PREDICTED - 1:
                steps.go(place)
        return torch.stack(each, dim=1), known

    def loss(self, people: People, future: Tensor) -> Tensor:
        """What learning lessens, from true places [N, 12, 2]: negative log-likelihood, else the mean distance from the truth (m).

        The literal model learns the place after each step, by the square of the distance.
        """
        if isinstance(self.network, Literal):
            every = torch.cat([people.observed, future], dim=1)
            known = ~torch.isnan(every[:, 1:])
            every = torch.nan_to_num(every)
            return torch.where(known, self.network(every[:, :-1])[0] - every[:, 1:], 0.0).pow(2).sum() / known.sum()
        if SHAPES[self.name].mixtures:
            each, known = self.log_densities(people, future)
            return -each.sum() / known.sum()
        away = (self.paths(people, None) - torch.nan_to_num(future)).pow(2).sum(dim=2)
        known = ~torch.isnan(future[..., 0])
        return torch.where(known, torch.sqrt(away + 1e-6), 0.0).sum() / known.sum()


def network(name: str) -> Walker | Literal:
    """The network of a kind of ``SHAPES``, new."""
    return Literal(SHAPES[name]) if name == "literal" else Walker(SHAPES[name])


def chunks(moment: np.ndarray) -> Iterator[slice]:
    """Slices of about ``AT_ONCE`` rows, moments being kept together."""
    begins = np.append(np.flatnonzero(np.diff(moment, prepend=-1)), len(moment))
    at = 0
    while at < len(moment):
        end = int(begins[np.searchsorted(begins, min(at + AT_ONCE, len(moment)))])
        yield slice(at, end)
        at = end
