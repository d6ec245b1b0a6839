"""What is worth telling about play on a GPU: summed up there, and looked at once per fragment."""

from typing import Any

import numpy as np

from avatarium.training.play.tally import log_events, log_returns
from avatarium.worlds.gpu.batch import GpuBatch
from avatarium.worlds.gpu.ledger import Ledger

WINDOW = 8
"""Fragments over which returns are averaged."""


class GpuTally:
    """What ``Tally`` is on a CPU, but that it tells the mean of the episodes that have finished instead of every one."""

    def __init__(self, batch: GpuBatch) -> None:
        self._batch, self._ledger = batch, Ledger(batch)

    def begin(self) -> None:
        """Call after a reset. Episodes that begin midway are not reported: their returns say nothing."""
        self._ledger.begin()

    def step(self) -> None:
        """Call after every step."""
        self._ledger.step()

    def log(self, metrics: Any, *also: str) -> None:
        """As ``Tally.log``."""
        sums = self._ledger.sums()
        log_events(metrics, self._batch.spec.events, np.array([tuple(found) for found in sums.events.values()]).reshape(-1, 2), also)
        episodes = max(found.count for found in sums.returns.values())
        means = {name: np.full(1, found.value / episodes) for name, found in sums.returns.items() if episodes}
        log_returns(metrics, means, episodes, WINDOW, also)
