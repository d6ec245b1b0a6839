"""What is worth telling about play: returns of finished episodes, and how often what happened."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ray.rllib.utils.metrics import (
    EPISODE_MODULE_RETURN_MEAN,
    EPISODE_RETURN_MEAN,
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_EPISODES,
    NUM_EPISODES_LIFETIME,
    NUM_MODULE_STEPS_SAMPLED,
    NUM_MODULE_STEPS_SAMPLED_LIFETIME,
)

from avatarium.training.league.outcome import Results
from avatarium.training.names import COUNT, EVENTS, LEAGUE, VALUE
from avatarium.worlds.core.batch import Batch, Step
from avatarium.worlds.core.spec import EventKind


def log_steps(metrics: Any, env_steps: int, decisions: Mapping[str, int]) -> None:
    """Log how much was played to an RLlib ``MetricsLogger``: steps of environments, and ``decisions`` by module."""
    metrics.log_value(NUM_ENV_STEPS_SAMPLED, env_steps, reduce="sum")
    metrics.log_value(NUM_ENV_STEPS_SAMPLED_LIFETIME, env_steps, reduce="lifetime_sum")
    for name, count in decisions.items():
        metrics.log_value((NUM_MODULE_STEPS_SAMPLED, name), count, reduce="sum")
        metrics.log_value((NUM_MODULE_STEPS_SAMPLED_LIFETIME, name), count, reduce="lifetime_sum")


def log_results(metrics: Any, results: Results) -> None:
    """Log who won in a league: ``league/<opponent>/<side>/<outcome>`` counts games."""
    for name, counts in zip(results.opponents, results.counts, strict=True):
        for side, row in enumerate(counts.tolist()):
            for outcome, count in enumerate(row):
                metrics.log_value((LEAGUE, name, str(side), str(outcome)), count, reduce="sum")


def read_results(played: dict[str, Any]) -> Results:
    """What ``log_results`` logged, out of the runners' metrics."""
    found = played.get(LEAGUE, {})
    counts = [[[int(sides[str(side)][str(outcome)]) for outcome in range(3)] for side in range(2)] for sides in found.values()]
    return Results(tuple(found), np.array(counts, np.int64).reshape(-1, 2, 3))


def log_events(metrics: Any, kinds: Sequence[EventKind], sums: np.ndarray, also: tuple[str, ...]) -> None:
    """Log how often each of K kinds of events happened, and the sums of their values, float64 [K, 2]; under the names ``also``, too."""
    for under in {(), also}:
        for kind, (count, value) in zip(kinds, sums.tolist(), strict=False):
            metrics.log_value((*under, EVENTS, kind.name, COUNT), count, reduce="sum")
            metrics.log_value((*under, EVENTS, kind.name, VALUE), value, reduce="sum")


def log_returns(metrics: Any, returns: Mapping[str, np.ndarray], episodes: int, window: int, also: tuple[str, ...]) -> None:
    """Log returns by role, float64 [E], which are told as means over the last ``window``, and how many ``episodes`` have finished."""
    for name, values in returns.items():
        for value in values.tolist():
            metrics.log_value((EPISODE_MODULE_RETURN_MEAN, name), value, window=window)
    metrics.log_value(NUM_EPISODES, episodes, reduce="sum")
    metrics.log_value(NUM_EPISODES_LIFETIME, episodes, reduce="lifetime_sum")
    for value in np.mean(list(returns.values()), axis=0).tolist() if returns else ():
        for under in {(), also}:
            metrics.log_value((*under, EPISODE_RETURN_MEAN), value, window=window)


class Tally:
    """Counts along while a batch is played, and logs into RLlib's metrics what came up since the last time."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._returns = {name: np.zeros((batch.num_envs, count)) for name, count in batch.num_agents.items()}
        self._finished: dict[str, list[np.ndarray]] = {name: [] for name in batch.roles}

    def begin(self) -> None:
        """Call after a reset. Episodes that begin midway are not reported: their returns say nothing."""
        for returns in self._returns.values():
            returns[:] = 0.0
        self._whole = self._batch.clock == 0
        self._seen = self._sums()

    def step(self, step: Step) -> None:
        """Call after every step."""
        ended = self._batch.ended
        some = ended.any()
        for name, returns in self._returns.items():
            returns += step.reward[name]
            if some:
                self._finished[name].append(returns[ended & self._whole])
                returns[ended] = 0.0
        self._whole |= ended

    def log(self, metrics: Any, *also: str) -> None:
        """Log returns of finished episodes (mean over the avatars of a role) and events to an RLlib ``MetricsLogger``.

        Events and the mean return are also logged under the names ``also``, if there are any.
        """
        sums = self._sums()
        log_events(metrics, self._batch.spec.events, sums - self._seen, also)
        self._seen = sums
        returns = {name: np.concatenate(rows).mean(axis=1) for name, rows in self._finished.items() if rows}
        self._finished = {name: [] for name in self._finished}
        log_returns(metrics, returns, len(next(iter(returns.values()), ())), len(self._whole), also)

    def _sums(self) -> np.ndarray:
        """float64 [K, 2]: count and value of every kind of event since the reset, over all environments."""
        tally = self._batch.events.tally
        return np.stack([tally["count"].sum(axis=0), tally["value"].sum(axis=0)], axis=1).astype(np.float64)
