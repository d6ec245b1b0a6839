"""Has watched a greedy team and does likely what it did: each chooses between attacking and defending by what it sees and did last."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._forces import drawn
from avatarium.agents.populations.domination._team import ROLES, Plan, Planner, Team, View
from avatarium.worlds import WorldSpec
from avatarium.worlds.core import settings
from avatarium.worlds.domination.state import POINTS

__all__ = ["ROLES"]

TABLES = Path(__file__).with_name("bayes.json")
BEHAVIOURS = 2 * POINTS
"""Attack the middle, the own, the far point; defend them."""
SENSES = (3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2)
"""How many values each observation has: owners of the points, the nearest point, how far it is, whether some mate, and some enemy, has a
shorter way to each point."""


class Bayes:
    """Bayesian behaviours (Le Hy et al. 2004, after its abstract): "inverse programming", where observations depend on the behaviour.

    P(S | S before, observations) is proportional to P(S | S before) times the product of P(observation | S); tables are counts of what
    a demonstrator did, with one added to each (Laplace). ``learn`` counts again.
    """

    name = "bayes"

    def __init__(self, tables: dict[str, Any]) -> None:
        self._following = np.log(np.array(tables["following"]))  # [BEHAVIOURS + 1, BEHAVIOURS]: the first row is the beginning
        self._seen = [np.log(np.array(table)) for table in tables["seen"]]  # each [BEHAVIOURS, values]

    def memory(self, teams: int, soldiers: int) -> Memory:
        """The last behaviour + 1 of everybody, int64 [E, n]."""
        return (np.zeros((teams, soldiers), np.int64),)

    def lasting(self, memory: Memory) -> Memory:
        """Nothing: what it knows it has learnt before."""
        return (np.zeros_like(memory[0]),)

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """Draw everybody's next behaviour from its probabilities."""
        (before,) = memory
        seen = senses(view)
        likely = self._following[before] + sum(table.T[seen[..., k]] for k, table in enumerate(self._seen))
        shares = np.exp(likely - likely.max(axis=2, keepdims=True)).cumsum(axis=2)
        chance = drawn(view.keys, before.shape[1])[..., None] * shares[..., -1:]
        chosen = (shares <= chance).sum(axis=2)
        behaviour = np.where(view.due[:, None], chosen + 1, before)
        return Plan((behaviour - 1) % POINTS), (behaviour,)


def senses(view: View) -> np.ndarray:
    """int64 [E, n, len(SENSES)]: what everybody observes."""
    teams, n, _ = view.ways.shape
    owners = np.broadcast_to(view.owners[:, None] + 1, (teams, n, POINTS))
    nearest = view.ways.argmin(axis=2)
    far = np.digitize(view.ways.min(axis=2), [0.1, 4.0])
    mates = (view.ways[:, None] < view.ways[:, :, None]).any(axis=2)
    enemies = (view.rivals[:, None] < view.ways[:, :, None]).any(axis=2)
    return np.concatenate([owners, nearest[..., None], far[..., None], mates, enemies], axis=2).astype(np.int64)


class Watched:
    """A demonstrator's plan whose behaviours are counted."""

    name = "watched"

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self.following = np.ones((BEHAVIOURS + 1, BEHAVIOURS))
        self.seen = [np.ones((BEHAVIOURS, values)) for values in SENSES]

    def memory(self, teams: int, soldiers: int) -> Memory:
        """The last behaviour + 1 of everybody, then what the demonstrator remembers."""
        return np.zeros((teams, soldiers), np.int64), *self._planner.memory(teams, soldiers)

    def lasting(self, memory: Memory) -> Memory:
        """What the demonstrator keeps."""
        return np.zeros_like(memory[0]), *self._planner.lasting(memory[1:])

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """What the demonstrator does."""
        plan, rest = self._planner.plan(view, memory[1:])
        behaviour = plan.zones + POINTS * (np.take_along_axis(view.owners, plan.zones, axis=1) == 1)
        due, observed = view.due, senses(view)
        np.add.at(self.following, (memory[0][due], behaviour[due]), 1)
        for k, table in enumerate(self.seen):
            np.add.at(table, (behaviour[due], observed[due][..., k]), 1)
        return plan, (np.where(due[:, None], behaviour + 1, memory[0]), *rest)


def learn(games: int = 200, seed: int = 7) -> dict[str, Any]:
    """Watch the greedy team against the opportunistic one, and return the tables of probabilities."""
    from avatarium import agents
    from avatarium.agents.populations.domination.greedy import Greedy
    from avatarium.agents.series import play_series
    from avatarium.worlds import spec

    overrides = {"command": "order"}
    watched = Watched(Greedy())
    team = Team("red", settings.build(spec("domination").config, overrides), watched)
    rival = agents.load("domination/opportunistic", "domination", "blue", **overrides)
    play_series("domination", ("red", team), ("blue", [rival]), range(seed * 1_000_000, seed * 1_000_000 + games), overrides)
    return {"following": shares(watched.following), "seen": [shares(table) for table in watched.seen]}


def shares(counts: np.ndarray) -> list[list[float]]:
    """Each row of ``counts`` as probabilities."""
    found: list[list[float]] = (counts / counts.sum(axis=1, keepdims=True)).round(6).tolist()
    return found


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Bayes(json.loads(TABLES.read_text("utf-8"))))


if __name__ == "__main__":  # python -m avatarium.agents.populations.domination.bayes learns the tables again
    TABLES.write_text(json.dumps(learn()) + "\n", "utf-8")
