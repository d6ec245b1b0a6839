"""Series of games between two sides that may learn from game to game; several series run side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from avatarium.agents.play import Seat
from avatarium.agents.policy import Memory, Policy
from avatarium.worlds import Batch, UserError, make_batch

SCORE = "score"
"""The event by which worlds tell at the end of a game what an agent's side scored; elsewhere the mean return is the score."""


@runtime_checkable
class Learns(Protocol):
    """A policy that learns from game to game."""

    def next_game(self, state: Memory) -> Memory:
        """The memory with which the next game begins, from the one with which a game ended."""


@dataclass(frozen=True)
class Series:
    """How S series of G games went."""

    margins: np.ndarray  # float64 [S, G]: score of the first side less that of the second

    @property
    def winners(self) -> np.ndarray:
        """int8 [S, G]: 1 where the first side won, -1 where the second did, 0 for a tie."""
        return np.sign(np.round(self.margins, 6)).astype(np.int8)

    @property
    def points(self) -> np.ndarray:
        """float64 [S, G]: what the first side gets for a game: 1 for a win, 0.5 for a tie."""
        return 0.5 * (1.0 + self.winners)

    def win_rate(self, first: int = 0, last: int | None = None) -> float:
        """The share of the games from number ``first`` to ``last`` that the first side won, ties counting half."""
        return float(self.points[:, first:last].mean())

    def games_until(self, level: float = 0.5, window: int = 5, first: int = 0) -> float:
        """Games, on average over series, until the mean of ``window`` games in a row from number ``first`` on exceeds ``level``.

        The games of that window count; a series in which this never happens counts as one game more than it has.
        """
        some = self.points[:, first:]
        games = np.arange(window, some.shape[1] + 1)
        moving = np.stack([some[:, g - window : g].mean(axis=1) for g in games], axis=1) > level
        return float(np.where(moving.any(axis=1), games[moving.argmax(axis=1)], some.shape[1] + 1).mean())


def play_series(
    world: str,
    first: tuple[str, Policy],
    second: tuple[str, Sequence[Policy]],
    seeds: Sequence[int],
    config: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda game: None,
) -> Series:
    """Play one series per seed. ``first`` is a role and its policy, ``second`` the other role and its policy in every game.

    Where the second side changes from one game to the next, the first is not told, and the new opponent begins with an empty memory; one
    that comes back goes on with what it had. Each game of a series takes place on a level of its own.
    """
    batch = make_batch(world, num_envs=len(seeds), autoreset=False, **(config or {}))
    (mine, policy), (theirs, opponents) = first, second
    if {mine, theirs} != set(batch.roles):
        raise UserError(f"a series of {world} is between {' and '.join(batch.roles)}, not between {mine} and {theirs}")
    memories: dict[int, Memory] = {}
    margins = np.zeros((len(seeds), len(opponents)))
    for game, opponent in enumerate(opponents):
        drawn = [seed * len(opponents) + game for seed in seeds]
        batch.reset(drawn)
        seats = []
        for role, mind in ((mine, policy), (theirs, opponent)):
            seat = Seat(batch, role, mind, drawn)
            if id(mind) in memories and isinstance(mind, Learns):
                seat.memory = mind.next_game(memories[id(mind)])
            seats.append(seat)
        margins[:, game] = _play(batch, *seats)
        memories |= {id(policy): seats[0].memory, id(opponent): seats[1].memory}
        progress(game)
    batch.close()
    return Series(margins)


def _play(batch: Batch, first: Seat, second: Seat) -> np.ndarray:
    """Play one game in every environment; margins float64 [S]."""
    returns, told = np.zeros((2, batch.num_envs)), np.full((2, batch.num_envs), np.nan)
    while not batch.episodes.over.all():
        running = ~batch.episodes.over
        step = batch.step({seat.role: seat.act() for seat in (first, second)})
        for side, seat in enumerate((first, second)):
            returns[side] += step.reward[seat.role].mean(axis=1)
            ended = batch.ended & running
            told[side, ended] = _scores(batch, seat.role, np.flatnonzero(ended))
    known = ~np.isnan(told).any(axis=0)
    return np.asarray(np.where(known, told[0] - told[1], returns[0] - returns[1]))


def _scores(batch: Batch, role: str, envs: np.ndarray) -> np.ndarray:
    """float64 [K]: the mean score of the agents of a role in environments whose game has just ended; NaN where the world tells none."""
    kinds = [event.name for event in batch.spec.events]
    if SCORE not in kinds:
        return np.full(len(envs), np.nan)
    roles = list(batch.roles)
    begin = sum(batch.num_agents[name] for name in roles[: roles.index(role)])
    found = []
    for i in envs.tolist():
        log = batch.events.records[i, : batch.events.count[i]]
        mine = (log["kind"] == kinds.index(SCORE)) & (log["who"] >= begin) & (log["who"] < begin + batch.num_agents[role])
        found.append(log["value"][mine].mean(dtype=float))
    return np.array(found)
