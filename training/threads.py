"""Threads that share torch's work out by rows, which on a CPU scales better than torch's own threads within each operation.

Every thread runs whole networks on a few rows that stay in its cache and meets the others once per minibatch, not at every operation.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

Item = TypeVar("Item")
Found = TypeVar("Found")
MOST = 8
"""Threads when as many as there are CPUs are asked for."""


class Workers:
    """``count`` threads of one torch thread each, the caller's among them; 0 means one per CPU, up to ``MOST``."""

    def __init__(self, count: int) -> None:
        self.count = count or min(os.cpu_count() or 1, MOST)
        self._pool = ThreadPoolExecutor(max(self.count - 1, 1), "learner", initializer=torch.set_num_threads, initargs=(1,))

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """``function`` of every item, in their order. Waking a thread takes longer than a small network: the caller works as well."""
        todo = list(items)
        found: list[Any] = [None] * len(todo)
        left = iter(range(len(todo)))  # whoever is free takes the next one

        def work() -> None:
            for k in left:
                found[k] = function(todo[k])

        others = [self._pool.submit(work) for _ in range(min(self.count, len(todo)) - 1)]
        try:
            with one_torch_thread():
                work()
        finally:
            wait(others)
        for other in others:
            other.result()
        return found

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Within, this thread's operations are not shared out by torch, whose own threads would spin while others want their cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
