"""A few things that were asked for last."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The newest ``room`` answers by their questions; safe among threads, which may compute one answer twice but never wait."""

    def __init__(self, room: int) -> None:
        self._room, self._lock = room, threading.Lock()
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """What is kept for ``key``, or is made for it now."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._room:
                self._kept.popitem(last=False)
        return made
