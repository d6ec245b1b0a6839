"""Search without gradients: which children a policy has, and from which of them the search goes on."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from avatarium.worlds.core.settings import setting

SPACING = 0.2
"""Between two points of the first grid, of controls in [-1, 1]."""


class Search(Protocol):
    """A way to search; weights of actors are P numbers."""

    @property
    def children(self) -> int:
        """How many a generation has."""

    def step_size(self, generation: int) -> float:
        """How far apart children are in a ``generation``, counted from 0."""

    def offspring(self, mean: np.ndarray, generation: int, rng: np.random.Generator) -> np.ndarray:
        """float32 [children, P]: a generation about ``mean`` [P]."""

    def chosen(self, offspring: np.ndarray, fitness: np.ndarray) -> np.ndarray:
        """float32 [P]: what the next generation is about, by the ``fitness`` [children] of this one."""


@dataclass(frozen=True)
class Strategy:
    """A (mu/mu, lambda) evolution strategy: children are spread about the mean of the best of the last generation.

    See Beyer and Schwefel 2002, Evolution strategies: a comprehensive introduction, https://doi.org/10.1023/A:1015059928466; the step size
    is not adapted but falls from generation to generation.
    """

    parents: int = setting(4, 1, 4096, "best children of a generation, whose mean is what the next one is spread about")
    children: int = setting(16, 2, 4096, "of a generation; each plays in its share of the environments, all the same episodes")
    sigma: float = setting(0.1, 1e-6, 100.0, "deviation of each weight of a child in the first generation")
    decay: float = setting(0.96, 0.01, 1.0, "what is left of it in each generation after that")

    def step_size(self, generation: int) -> float:
        """The deviation of children in a ``generation``.

        >>> round(Strategy(sigma=0.7).step_size(39), 3)
        0.142
        """
        return self.sigma * self.decay**generation

    def offspring(self, mean: np.ndarray, generation: int, rng: np.random.Generator) -> np.ndarray:
        """float32 [children, P]: a generation about ``mean`` [P]."""
        noise = rng.standard_normal((self.children, len(mean)))
        return (mean + self.step_size(generation) * noise).astype(np.float32)

    def chosen(self, offspring: np.ndarray, fitness: np.ndarray) -> np.ndarray:
        """float32 [P]: the mean of those whose ``fitness`` [children] is highest; of equals the first count."""
        best = np.argsort(-fitness, kind="stable")[: self.parents]
        return np.asarray(offspring[best].mean(axis=0, dtype=np.float64), np.float32)


@dataclass(frozen=True)
class Grid:
    """Brute force: ``controls`` controls that never change, on a grid about the best so far, half as wide in each generation.

    The last weights of an actor without hidden layers are what it does where it sees nothing; all others are 0.
    """

    controls: int
    points: int = 9
    """Along each side."""

    @property
    def children(self) -> int:
        """How many points there are."""
        return int(self.points**self.controls)

    def step_size(self, generation: int) -> float:
        """Between two neighbours."""
        return float(SPACING * 0.5**generation)

    def offspring(self, mean: np.ndarray, generation: int, rng: np.random.Generator) -> np.ndarray:
        """float32 [children, P]: the grid about ``mean`` [P], as far as it lies in [-1, 1].

        >>> Grid(1, points=3).offspring(np.array([5.0, 0.9]), 0, np.random.default_rng()).round(2).tolist()
        [[0.0, 0.699999988079071], [0.0, 0.8999999761581421], [0.0, 1.0]]
        """
        side = self.step_size(generation) * (np.arange(self.points) - self.points // 2)
        grid = np.stack(np.meshgrid(*[side] * self.controls, indexing="ij"), axis=-1).reshape(-1, self.controls)
        found = np.zeros((len(grid), len(mean)), np.float32)
        found[:, -self.controls :] = np.clip(mean[-self.controls :] + grid, -1.0, 1.0)
        return found

    def chosen(self, offspring: np.ndarray, fitness: np.ndarray) -> np.ndarray:
        """float32 [P]: the best."""
        best: np.ndarray = offspring[int(np.argmax(fitness))]
        return best
