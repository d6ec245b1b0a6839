"""A commander that tries out, in a copy of the arena, what would come of every way to spread its team, and takes the best."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from avatarium.agents.play import Seat
from avatarium.agents.policy import Memory
from avatarium.agents.populations.domination._forces import sent
from avatarium.agents.populations.domination._team import ROLES, Forgetful, Plan, Team, View
from avatarium.agents.populations.domination.greedy import Greedy
from avatarium.worlds import Batch, WorldSpec
from avatarium.worlds.domination.command import distributions
from avatarium.worlds.domination.state import BLUE, POINTS, RED

__all__ = ["ROLES"]

AHEAD = 10
"""Decisions that are tried out, the same one every time."""
HELD = 25
"""What a point that is held at the end is worth, in steps for which it counts."""
KEPT = 25
"""By how much another spread has to be better than the one that stands, in the same measure."""
AT_ONCE = 32
"""Games of which copies are played side by side."""


class Lookahead(Forgetful):
    """A rollout policy (Tesauro and Galperin 1996) with perfect knowledge of the arena; it takes the other team for a greedy one.

    The copies run on the random numbers of the arena itself, so that it also foresees where somebody will come back.
    """

    name = "lookahead"

    def __init__(self, spec: WorldSpec, role: str, config: Any) -> None:
        self._spec, self._config, self._choices = spec, replace(config, command="commander"), distributions(config.team)
        self._role, self._other = role, ROLES[1 - ROLES.index(role)]
        self._side = RED if role == ROLES[RED] else BLUE
        self._copies: dict[int, tuple[Batch, Seat]] = {}

    def plan(self, view: View, memory: Memory) -> tuple[Plan, Memory]:
        """What does best over the next seconds."""
        counts, due = np.zeros((len(view.due), POINTS), np.int64), np.flatnonzero(view.due)
        for first in range(0, len(due), AT_ONCE):
            some = due[first : first + AT_ONCE]
            now = (view.orders[some][:, :, None] == np.arange(POINTS)).sum(axis=1)
            stands = (self._choices == now[:, None]).all(axis=2) & (view.clock[some] > 0)[:, None]
            counts[some] = self._choices[(self._tried(view.batch, view.envs[some]) + KEPT * stands).argmax(axis=1)]
        return Plan(sent(view.ways, counts)), memory

    def _tried(self, arena: Batch, envs: np.ndarray) -> np.ndarray:
        """float64 [E, C]: what each of the ways to spread the team brings in each of the environments ``envs`` [E] of the arena."""
        choices, games = len(self._choices), 1 << int(len(envs) - 1).bit_length()
        copies, rival = self._copied(games)
        copies.copy_from(arena, np.repeat(np.resize(envs, games), choices))
        mine = np.tile(np.arange(choices, dtype=np.int32), games).reshape(-1, 1, 1)
        before = self._lead(copies)
        for _ in range(AHEAD):
            copies.step({self._role: mine, self._other: rival.act()})
        owners, going = copies.state.owners, ~copies.episodes.over
        held = (owners == self._side).sum(axis=1) - (owners == 1 - self._side).sum(axis=1)
        gain: np.ndarray = self._lead(copies) - before + HELD * held * going
        return gain.reshape(games, choices)[: len(envs)]

    def _copied(self, games: int) -> tuple[Batch, Seat]:
        """Room for copies of so many games, as many of each as there are choices, and a greedy team on the other side."""
        if games not in self._copies:
            count = games * len(self._choices)
            copies = Batch(self._spec, count, autoreset=False, by_decision=True, **asdict(self._config))
            self._copies[games] = copies, Seat(copies, self._other, Team(self._other, self._config, Greedy()), [0] * count)
        return self._copies[games]

    def _lead(self, copies: Batch) -> np.ndarray:
        """int64 [E]: steps in which own points counted, less those of the other team."""
        score = copies.state.score.astype(np.int64)
        return np.asarray(score[:, self._side] - score[:, 1 - self._side])


def policy(spec: WorldSpec, role: str, config: Any) -> Team:
    """The policy."""
    return Team(role, config, Lookahead(spec, role, config))
