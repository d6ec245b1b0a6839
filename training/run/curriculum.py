"""Curricula: lessons from easy to hard and from few to many, and a teacher that chooses among them."""

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from avatarium.worlds.core.errors import UserError

if TYPE_CHECKING:
    from avatarium.training.run.recipe import Recipe

TEACHERS = ("none", "stairs", "progress")


@dataclass(frozen=True)
class Curriculum:
    """Settings by axis, such as the difficulty of levels and the company in them, each from the easiest to the hardest."""

    axes: dict[str, tuple[dict[str, Any], ...]]
    stages: int = 4
    """How many lessons are taken at the same time, each in its share of the environments."""
    enough: float = 0.8
    """Score from which on a lesson counts as learnt."""

    @property
    def lessons(self) -> tuple[tuple[int, ...], ...]:
        """Every combination of the axes, by its steps."""
        return tuple(product(*(range(len(steps)) for steps in self.axes.values())))

    def settings(self, lesson: tuple[int, ...]) -> dict[str, Any]:
        """The settings of a lesson."""
        found: dict[str, Any] = {}
        for steps, k in zip(self.axes.values(), lesson, strict=True):
            found |= steps[k]
        return found


@dataclass
class Record:
    """How a lesson went: means of its score over the last few iterations, and over more of them."""

    fast: float = 0.0
    slow: float = 0.0
    seen: int = 0

    def note(self, score: float) -> None:
        """Take in the score of an iteration."""
        self.seen += 1
        self.fast += max(FAST, 1.0 / self.seen) * (score - self.fast)
        self.slow += max(SLOW, 1.0 / self.seen) * (score - self.slow)


FAST, SLOW = 0.2, 0.05
HOLD = 20
"""Iterations for which lessons are kept: taking another one begins its environments anew."""
EXPLORE = 0.2
"""Share of the choices that are made at random."""


class Teacher:
    """Chooses lessons by how they went.

    "stairs" opens a lesson when those one step below it on each axis are learnt, and takes the open one that goes worst. "progress"
    takes the one whose score changes most, up or down (Matiisen et al. 2017, https://arxiv.org/abs/1707.00183: what is being learnt, or
    forgotten, is worth practising). Both rehearse a random one now and then. The score is the first gauge that the recipe shows, or
    the return where it shows none; an iteration in which there is nothing to tell it by counts for nothing.
    """

    def __init__(self, recipe: "Recipe", kind: str, seed: int, found: dict[str, Any] | None = None) -> None:
        """Begin, or go on from ``found`` (see ``to_json``). Raises UserError when the recipe has no curriculum."""
        if recipe.curriculum is None:
            raise UserError("there is no curriculum for this world: leave out teacher, or give its recipe one")
        self._recipe, self._kind, self._curriculum = recipe, kind, recipe.curriculum
        self._rng = np.random.default_rng(seed)
        self._records = {lesson: Record() for lesson in self._curriculum.lessons}
        self._taken = [next(iter(self._records))] * self._curriculum.stages
        self._age = 0
        if found:
            self._records |= {tuple(lesson): Record(*record) for lesson, record in found["records"]}
            self._taken, self._age = [tuple(lesson) for lesson in found["taken"]], found["age"]
            self._rng.bit_generator.state = found["rng"]

    @property
    def lessons(self) -> tuple[dict[str, Any], ...]:
        """Settings of every stage."""
        return tuple(self._curriculum.settings(lesson) for lesson in self._taken)

    @property
    def open(self) -> list[tuple[int, ...]]:
        """The lessons that may be taken."""
        return list(self._records) if self._kind == "progress" else [lesson for lesson in self._records if self._reached(lesson)]

    def _reached(self, lesson: tuple[int, ...]) -> bool:
        below = [(*lesson[:axis], step - 1, *lesson[axis + 1 :]) for axis, step in enumerate(lesson) if step]
        return all(self._records[other].seen >= HOLD and self._records[other].fast >= self._curriculum.enough for other in below)

    def after(self, stages: dict[str, Any]) -> dict[str, float]:
        """Learn from the metrics of every stage, by its number; returns what to log."""
        for k, lesson in enumerate(self._taken):
            score = self._score(stages.get(str(k), {}))
            if score is not None:
                self._records[lesson].note(score)
        self._age += 1
        if self._age >= HOLD:
            self._taken, self._age = [self._choose() for _ in self._taken], 0
        told = {f"lesson/{'-'.join(map(str, lesson))}": record.fast for lesson, record in self._records.items() if record.seen}
        return told | {"lesson/open": float(len(self.open))}

    def _score(self, played: dict[str, Any]) -> float | None:
        from ray.rllib.utils.metrics import EPISODE_RETURN_MEAN  # a recipe, of which lessons are a part, is read without Ray

        from avatarium.training.run.recipe import read_events

        if self._recipe.shown:
            found = self._recipe.gauges(read_events(played), 1.0).get(self._recipe.shown[0])
        else:
            found = played.get(EPISODE_RETURN_MEAN)
        return None if found is None or math.isnan(found) else float(found)

    def _choose(self) -> tuple[int, ...]:
        some = self.open
        if self._rng.random() < EXPLORE:
            return some[self._rng.integers(len(some))]
        unseen = [lesson for lesson in some if not self._records[lesson].seen]
        if unseen:
            return unseen[0]
        if self._kind == "progress":
            return max(some, key=lambda lesson: abs(self._records[lesson].fast - self._records[lesson].slow))
        return min(some, key=lambda lesson: self._records[lesson].fast)

    def to_json(self) -> dict[str, Any]:
        """The records and choices as lists, numbers and texts."""
        records = [[list(lesson), [r.fast, r.slow, r.seen]] for lesson, r in self._records.items()]
        return {
            "records": records,
            "taken": [list(lesson) for lesson in self._taken],
            "age": self._age,
            "rng": self._rng.bit_generator.state,
        }
