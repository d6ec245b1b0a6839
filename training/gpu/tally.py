"""What is worth telling about play on a GPU: summed up there, and looked at once per fragment."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from avatarium.training.gpu import sharing
from avatarium.training.play.tally import log_events, log_returns
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.gpu import device


class GpuTally:
    """What ``Tally`` is on a CPU, but that it tells the mean of finished episodes instead of every one."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._ended = sharing.tensor(batch.ended)
        self._rewards = {name: sharing.tensor(array) for name, array in batch.rewards.items()}
        self._returns = {name: torch.zeros(array.shape, dtype=torch.float64, device=array.device) for name, array in self._rewards.items()}
        self._whole = torch.zeros_like(self._ended)
        self._finished = torch.zeros(1 + len(self._returns), dtype=torch.float64, device=self._ended.device)
        """How many episodes have finished since the last look, and the sum of their returns by role (means over the avatars)."""

    def begin(self) -> None:
        """Call after a reset. Episodes that begin midway are not reported: their returns say nothing."""
        self._whole.copy_(torch.from_numpy(device.fetch(self._batch.clock) == 0))
        self._seen = self._sums()

    def step(self) -> None:
        """Call after every step."""
        told = self._ended & self._whole
        found = [told.sum()]
        for name, returns in self._returns.items():
            returns += self._rewards[name]
            found.append((returns.mean(1) * told).sum())
            returns.masked_fill_(self._ended[:, None], 0.0)
        self._finished += torch.stack(found)
        self._whole |= self._ended

    def log(self, metrics: Any, *also: str) -> None:
        """As ``Tally.log``."""
        sums = self._sums()
        log_events(metrics, self._batch.spec.events, sums - self._seen, also)
        self._seen = sums
        episodes, *totals = self._finished.tolist()
        self._finished.zero_()
        means = {name: np.full(1, total / episodes) for name, total in zip(self._returns, totals, strict=True)} if episodes else {}
        log_returns(metrics, means, int(episodes), 8, also)

    def _sums(self) -> np.ndarray:
        """float64 [K, 2]: count and value of every kind of event since the reset, over all environments."""
        counts, values = (part.sum(0).cpu().numpy() for part in columns(self._batch.events.tally))
        return np.stack([counts, values], axis=1).astype(np.float64)


def columns(tally: Any) -> tuple[Tensor, Tensor]:
    """Counts int64 and values float64, both [N, K], of records ``events.SUM`` [N, K]: the same memory, which torch takes as numbers."""
    counts, values = (sharing.tensor(device.as_numbers(tally, np.dtype(kind))) for kind in ("i8", "f8"))
    return counts[..., 0], values[..., 1]
