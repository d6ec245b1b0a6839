"""Where avatars of a batch arrive, step by step, and how often they have been there."""

from collections.abc import Callable
from typing import Any

import numpy as np

from avatarium.training.play.visits import VisitCounter, hashed_places
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.spec import Role

NEVER = np.float32(1e9)
"""Visits that are noted for the last step of an episode: where it led is gone, so that no bonus is to be had for ending an episode."""


class Arrivals:
    """Counts the visits of the avatars of ``role`` in a batch; those of a ``lifetime`` are not forgotten with the episode.

    ``fetch`` makes an array of NumPy of one of the batch, which may lie elsewhere.
    """

    def __init__(self, batch: Batch, role: Role, lifetime: bool, fetch: Callable[[Any], np.ndarray] = np.asarray) -> None:
        self._batch, self._role, self._fetch = batch, role, fetch
        self._counter = VisitCounter(batch.num_envs, role.count, lifetime)
        self._middle = middle_of(role)

    def begin(self) -> None:
        """Forget what was."""
        self._counter.forget(np.ones(self._batch.num_envs, np.bool_))

    def count(self) -> np.ndarray:
        """After a step: how often everybody has been where it now is, float32 [N, A, M]; see ``VisitCounter.arrive``."""
        batch, role = self._batch, self._role
        ended, present = self._fetch(batch.ended), self._fetch(batch.present[role.name])
        self._counter.forget(ended)
        if batch.spec.places is not None:
            places = batch.spec.places(Fetched(batch.state, self._fetch), batch.config, role.name)
        else:
            seen = self._fetch(batch.observations[role.name]).reshape(-1, role.observation_size) - self._middle
            places = hashed_places(seen, 0).reshape(batch.num_envs, role.count)
        visits = self._counter.arrive(places, present)
        visits[ended] = NEVER
        visits[~present] = NEVER
        return visits


class Fetched:
    """The arrays of a state, each fetched when it is asked for."""

    def __init__(self, state: Any, fetch: Callable[[Any], np.ndarray]) -> None:
        self._state, self._fetch = state, fetch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._state, name)
        return Fetched(found, self._fetch) if isinstance(found, tuple) else self._fetch(found)


def middle_of(role: Role) -> np.ndarray:
    """float32 [D]: the middle of each feature's range, around which places are hashed; 0 where there are no bounds."""
    space = role.observation_space
    bounded = np.isfinite(space.low) & np.isfinite(space.high)
    return np.where(bounded, 0.5 * np.where(bounded, space.low, 0.0) + 0.5 * np.where(bounded, space.high, 0.0), 0.0).astype(np.float32)
