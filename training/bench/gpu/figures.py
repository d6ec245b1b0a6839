"""What is measured, and how long everything takes."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from numba import cuda

WORLD = "wayfinding"


@dataclass(frozen=True)
class Pace:
    """How large and how long everything is."""

    envs: tuple[int, ...] = (4096, 16_384, 65_536, 131_072, 262_144)
    """Environments that are stepped at once; as many as there is memory for."""
    threads: tuple[int, ...] = (32, 64, 128)
    """Of a block."""
    viewers: tuple[int, ...] = (1024, 4096, 16_384)
    """Environments whose avatars look around."""
    side: int = 64
    """Pixels of a view, across and down."""
    window_s: float = 0.5
    windows: int = 5
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the world."""
    copied: int = 1 << 30
    """Bytes that are copied to find how fast memory is."""
    training: tuple[str, ...] | None = None
    """Words for ``avatarium train`` instead of those that say how long it takes."""


SHORT = (
    *("--steps", "128", "--envs", "2", "--set", "walkers=2", "--set", "episode_steps=50"),
    *("--train", "fragment=16", "--train", "minibatch=32", "--train", "epochs=1"),
)
QUICK = Pace((2,), (32,), (2,), 8, 0.0, 2, {"walkers": 2, "episode_steps": 50}, 1 << 16, SHORT)
"""Shows that everything runs, not how fast."""


@dataclass(frozen=True)
class Row:
    """One figure: the median of several windows, and what it was measured with."""

    key: str
    what: str
    rate: float
    """Per second, or where ``unit`` is s: seconds."""
    unit: str
    target: float | None = None
    windows: tuple[float, ...] = ()
    best: bool = True
    """Whether it is the one of its key that counts, out of several sizes."""
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Whether it is as good as it should be; None where nothing was asked for."""
        if self.target is None:
            return None
        return self.rate <= self.target if self.unit == "s" else self.rate >= self.target


def best_last(rows: list[Row]) -> list[Row]:
    """The same rows, the fastest last; the others no longer count, nor have they a target."""
    best = max(rows, key=lambda row: row.rate)
    return [*(replace(row, target=None, best=False) for row in rows if row is not best), best]


Tell = Callable[[str], None]
"""Says how far the benchmark is."""


def seconds_each(work: Callable[[], Any], pace: Pace) -> tuple[float, ...]:
    """Seconds that ``work``, which starts something on the GPU, takes in each window; calls go on until the last is done."""
    for _ in range(2):  # compiles, then fills caches
        once = _timed(work, 1)
    count = max(1, round(pace.window_s / max(once, 1e-6)))
    return tuple(_timed(work, count) / count for _ in range(pace.windows))


def _timed(work: Callable[[], Any], count: int) -> float:
    cuda.synchronize()
    began = time.perf_counter()
    for _ in range(count):
        work()
    cuda.synchronize()
    return time.perf_counter() - began


def starting_s(work: Callable[[], Any], count: int = 16) -> float:
    """Seconds that this process takes to start ``work`` on an idle GPU, without waiting for it."""
    cuda.synchronize()
    began = time.perf_counter()
    for _ in range(count):
        work()
    spent = time.perf_counter() - began
    cuda.synchronize()
    return spent / count


def median(numbers: tuple[float, ...]) -> float:
    """The one in the middle."""
    return statistics.median(numbers)
