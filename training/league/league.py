"""The league of one run: the pool of opponents, their weights, and everybody's rating over time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from avatarium.training.league.matchmaking import Table
from avatarium.training.league.outcome import ITSELF, Results
from avatarium.training.league.pool import Pool, Rules
from avatarium.training.league.ratings import Rating, Ratings

Weights = dict[str, np.ndarray]
"""A network's parameters by name."""
LATEST = 10
"""How many of the last versions the logged score is taken against."""


class League:
    """Who plays whom, and how that went; ``current`` is the name that the policy that learns will have when it joins the pool."""

    def __init__(self, pool: Pool, ratings: Ratings, current: str, versions: Mapping[str, Weights]) -> None:
        self.pool, self.ratings, self.current = pool, ratings, current
        self.versions = dict(versions)

    @classmethod
    def begin(cls, rivals: tuple[str, ...], rules: Rules) -> "League":
        """A league of scripted rivals in which no version has played yet."""
        ratings = Ratings()
        current = _name(rules.every)
        for name in (*rivals, current):
            ratings = ratings.enter(name)
        return cls(Pool.of(rivals, rules), ratings, current, {})

    @property
    def table(self) -> Table:
        """What runners draw opponents from."""
        return self.pool.table()

    def after(self, iteration: int, results: Results, weights: Callable[[], Weights]) -> dict[str, float]:
        """Take in the games of an iteration, and the current version when it is due; returns what is worth logging.

        ``weights`` are those of the policy now.
        """
        self.pool = self.pool.after(results)
        self.ratings = self.ratings.record(self.current, results)
        scores = {name: score for name, score in results.score().items() if name != ITSELF}
        scripted = {member.name for member in self.pool.members if member.scripted}
        told = {f"league/{name}": score for name, score in scores.items() if name in scripted}
        if scores:
            told["league/score"] = float(np.mean(list(scores.values())))
        if self.pool.due(iteration):
            rating = self.table_of_ratings()[self.current]
            told |= {"league/rating": rating.value, "league/rating_deviation": rating.deviation, "league/members": len(self.pool.members)}
            self._join(iteration, weights())
        return told

    def _join(self, iteration: int, weights: Weights) -> None:
        """The current version joins the pool, and the policy goes on as the next one."""
        self.pool = self.pool.join(self.current, iteration)
        self.versions[self.current] = weights
        self.versions = {name: kept for name, kept in self.versions.items() if name in self.pool.names}
        before, self.current = self.current, _name(iteration + self.pool.rules.every)
        self.ratings = self.ratings.enter(self.current, before)

    def table_of_ratings(self) -> dict[str, Rating]:
        """Everybody's rating; relative to random, when random is among the rivals."""
        return self.ratings.fit().table("random" if "random" in self.ratings.parents else None)

    def to_json(self) -> dict[str, Any]:
        """Everything but weights."""
        return {"pool": self.pool.to_json(), "ratings": self.ratings.to_json(), "current": self.current}

    @classmethod
    def from_json(cls, found: dict[str, Any], versions: Mapping[str, Weights], rules: Rules) -> "League":
        """What ``to_json`` gave, with the weights that go with it."""
        return cls(Pool.from_json(found["pool"], rules), Ratings.from_json(found["ratings"]), found["current"], versions)


def _name(iteration: int) -> str:
    """What the version is called that joins in this iteration."""
    return f"v{iteration}"
