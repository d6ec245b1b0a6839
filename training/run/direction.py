"""What steers a run from above, between two updates: a league of opponents, team spirit, a teacher that chooses lessons."""

from collections.abc import Callable
from typing import Any

import numpy as np
import ray

from avatarium.training.league.league import League, Weights
from avatarium.training.names import STAGES
from avatarium.training.play.orders import Orders
from avatarium.training.play.tally import read_results
from avatarium.training.run.curriculum import Teacher
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import recipe_for

Point = dict[str, float]


class Direction:
    """Gives orders to runners and learns from what they report; its state goes into checkpoints."""

    def __init__(self, plan: Plan, found: dict[str, Any] | None = None, versions: dict[str, Weights] | None = None) -> None:
        """Begin, or go on from ``found`` (see ``to_json``) with the weights of the league's ``versions``."""
        h, told = plan.hyperparameters, found or {}
        self._plan = plan
        self.league: League | None = None
        if plan.casting.sides:
            begun = "league" in told
            self.league = League.from_json(told["league"], versions or {}, h.pool) if begun else League.begin(plan.rivals, h.pool)
        self._teacher = Teacher(recipe_for(plan.arena.name), h.teacher, plan.seed, told.get("teacher")) if h.teacher != "none" else None
        self._put: dict[str, Any] = {}

    def orders(self, done: float) -> Orders:
        """What runners are to do when the share ``done`` of the training lies behind."""
        h = self._plan.hyperparameters
        return Orders(
            lessons=self._teacher.lessons if self._teacher else ({},),
            spirit=h.spirit.at(done) if h.team_spirit else (0.0 if h.zero_sum else None),
            zero_sum=h.zero_sum,
            table=self.league.table if self.league else None,
            frozen=self._frozen(),
        )

    def _frozen(self) -> dict[str, Any]:
        """The weights of past versions; with remote runners each crosses the network once."""
        if self.league is None or not self._plan.runners:
            return self.league.versions if self.league else {}
        self._put = {name: self._put.get(name) or ray.put(weights) for name, weights in self.league.versions.items()}
        return self._put

    def after(self, iteration: int, played: dict[str, Any], weights: Callable[[], Weights]) -> Point:
        """Learn from the runners' metrics of an iteration; ``weights`` are those of the module in the league. Returns what to log."""
        told: Point = {}
        if self.league:
            told |= self.league.after(iteration, read_results(played), weights)
        if self._teacher:
            told |= self._teacher.after(played.get(STAGES, {}))
        return told

    def to_json(self) -> dict[str, Any]:
        """Everything but weights."""
        found: dict[str, Any] = {"league": self.league.to_json()} if self.league else {}
        return found | ({"teacher": self._teacher.to_json()} if self._teacher else {})

    @property
    def versions(self) -> dict[str, dict[str, np.ndarray]]:
        """Weights of past versions by name."""
        return self.league.versions if self.league else {}
