"""Threads that share torch's work out by rows, which on a CPU scales better than torch's own threads within each operation.

Every thread runs whole networks on a few rows that stay in its cache and meets the others once per minibatch, not at every operation.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Found = TypeVar("Found")
MOST = 8
"""Threads when as many as there are CPUs are asked for."""


class Workers:
    """``count`` threads of one torch thread each; 0 means one per CPU, up to ``MOST``."""

    def __init__(self, count: int) -> None:
        self.count = count or min(os.cpu_count() or 1, MOST)
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="learner", initializer=torch.set_num_threads, initargs=(1,))

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """``function`` of every item, in their order."""
        return list(self._pool.map(function, items))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
