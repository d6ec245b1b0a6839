"""Opponents in a batch: who moves which side in which environment, drawn anew for every episode, and who won."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import ray
import torch

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.league.matchmaking import MAIN, Pairings, Table, draw, episode_keys
from avatarium.training.league.outcome import Results, decide
from avatarium.training.play.actor import Actor, key_of
from avatarium.training.play.minds import Frozen, Seated, load_mind
from avatarium.training.play.orders import Orders
from avatarium.worlds.core.batch import Batch, Step
from avatarium.worlds.core.episodes import origins


class Rivalry:
    """Two roles of a batch play against each other; the policy that learns moves both, or one against somebody else.

    The actors are told which avatars are theirs (``Actor.mine``). Opponents sit in their seats until the episode ends, whatever the table
    says meanwhile; those whom nobody will meet any more are let go.
    """

    def __init__(self, batch: Batch, sides: tuple[str, ...], actors: Mapping[str, Actor], origin: int) -> None:
        self._batch, self._sides, self._actors, self._origin = batch, sides, actors, origin
        self._origins = origins(origin, batch.num_envs)
        self._names: list[str] = []
        self._seated: dict[tuple[str, int], Seated] = {}
        self._opponents = np.full(batch.num_envs, MAIN, np.int32)  # rows of _names
        self._taken = np.zeros(batch.num_envs, np.int8)  # the side of the policy that learns
        self._episodes = np.zeros(batch.num_envs, np.int64)
        self._returns = [np.zeros((batch.num_envs, batch.num_agents[role])) for role in sides]
        self._results: list[Results] = []
        self._table = Table((), np.zeros(0), 0.0)

    def begin(self) -> None:
        """All environments begin; episodes that begin midway do not count."""
        self._whole = self._batch.clock == 0
        self._pair(np.ones(self._batch.num_envs, np.bool_))

    def take(self, orders: Orders) -> None:
        """From the next episodes on, draw opponents from the orders' table."""
        table = orders.table or Table((), np.zeros(0), 0.0)
        for name in table.names:
            if name not in self._names:
                self._admit(name, orders.frozen.get(name))
        self._table = table
        self._dismiss()

    def _admit(self, name: str, weights: Any) -> None:
        """Give an opponent a seat on both sides; one that was kept as weights acts with exactly these."""
        self._names.append(name)
        for side, role in enumerate(self._sides):
            if weights is None:
                mind = load_mind(name, self._batch, role)
            else:
                mind = Frozen(name, self._revived(self._actors[role].network, weights), self._batch.roles[role])
            self._seated[name, side] = Seated(self._batch, role, mind, key_of(self._origin, len(self._names), side))

    @staticmethod
    def _revived(like: ActorCritic, weights: Any) -> ActorCritic:
        found = ray.get(weights) if isinstance(weights, ray.ObjectRef) else weights
        network = ActorCritic(like.interface, like.architecture)
        network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in found.items()}, strict=False)
        return network

    def _dismiss(self) -> None:
        """Let go of opponents who are neither in the table nor in a game."""
        playing = {self._names[k] for k in np.unique(self._opponents) if k != MAIN}
        kept = [name for name in self._names if name in playing or name in self._table.names]
        if kept != self._names:
            moved = np.array([kept.index(name) if name in kept else MAIN for name in self._names], np.int32)
            self._opponents = np.where(self._opponents == MAIN, MAIN, moved[self._opponents]).astype(np.int32)
            self._names = kept
            self._seated = {key: seat for key, seat in self._seated.items() if key[0] in kept}

    def _pair(self, envs: np.ndarray) -> None:
        """Draw opponents and sides for the episodes that begin in ``envs`` bool [N]."""
        self._episodes[envs] += 1
        drawn = draw(self._table, episode_keys(self._origins[envs], self._episodes[envs]))
        rows = np.array([self._names.index(name) for name in self._table.names], np.int32)
        self._opponents[envs] = [MAIN if k == MAIN else rows[k] for k in drawn.opponents]
        self._taken[envs] = drawn.sides
        for side, role in enumerate(self._sides):
            self._actors[role].mine[:] = ((self._opponents == MAIN) | (self._taken == side))[:, None]
            self._returns[side][envs] = 0.0
        for seat in self._seated.values():
            seat.forget(envs)

    def act(self, actions: dict[str, np.ndarray], t: int) -> None:
        """Put in what the opponents do; ``actions`` [N, A, heads] by role, ``t`` counts steps."""
        for k in np.unique(self._opponents[self._opponents != MAIN]):
            for side, role in enumerate(self._sides):
                envs = np.flatnonzero((self._opponents == k) & (self._taken != side))
                if len(envs):
                    count = self._batch.num_agents[role]
                    rows = (envs[:, None] * count + np.arange(count)).flatten()
                    shape = (self._batch.num_envs * count, -1)
                    actions[role].reshape(shape)[rows] = self._seated[self._names[k], side].act(t, rows)

    def note(self, step: Step) -> None:
        """Keep count of who earned what; when episodes end, of who won, and pair the next ones."""
        for side, role in enumerate(self._sides):
            self._returns[side] += step.reward[role]
        ended = self._batch.ended
        if ended.any():
            told = ended & self._whole
            if told.any():
                outcomes = decide(self._returns[0][told], self._returns[1][told])
                self._results.append(Results.of(self._names, Pairings(self._opponents[told], self._taken[told]), outcomes))
            self._whole |= ended
            self._pair(ended)

    def results(self) -> Results:
        """Who won since the last call."""
        found, self._results = Results.merged(self._results), []
        return found
