"""Turns: everybody gets a window of time in every round, so that whatever else the machine does hits all alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

from avatarium.training.bench.contenders import Contender, Maker


@dataclass(frozen=True)
class Window:
    """What somebody did in one turn."""

    agent_steps: int
    seconds: float
    """By the clock."""
    cpu_seconds: float
    """Processor time of all processes that took part."""

    @property
    def rate(self) -> float:
        """Agent-steps per second."""
        return self.agent_steps / self.seconds

    @property
    def rate_by_cpu(self) -> float:
        """Agent-steps per second of processor time."""
        return self.agent_steps / max(self.cpu_seconds, 1e-9)


Rounds = Mapping[str, Sequence[Window]]
"""The windows of everybody, by a short name, in the order of the rounds."""


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one is as another, round by round."""

    median: float
    least: float
    most: float
    by_cpu: float
    """Median of the ratios of agent-steps per second of processor time: how much work there is, whoever else had the cores."""


def ratio(ours: Sequence[Window], theirs: Sequence[Window]) -> Ratio:
    """Compare the windows of the same rounds.

    >>> fast, slow = [Window(60, 1.0, 2.0), Window(80, 1.0, 2.0), Window(40, 1.0, 2.0)], [Window(20, 1.0, 1.0)] * 3
    >>> ratio(fast, slow)
    Ratio(median=3.0, least=2.0, most=4.0, by_cpu=1.5)
    """
    pairs = list(zip(ours, theirs, strict=True))
    found = [a.rate / b.rate for a, b in pairs]
    work = statistics.median(a.rate_by_cpu / b.rate_by_cpu for a, b in pairs)
    return Ratio(statistics.median(found), min(found), max(found), work)


def median_rate(windows: Sequence[Window]) -> float:
    """Agent-steps per second by the clock."""
    return statistics.median(window.rate for window in windows)


def turn(contender: Contender, seconds: float) -> Window:
    """Whole batches for at least ``seconds``; what was begun ahead is waited for, so that it counts here and not in the next turn."""
    cpu, began, count = cpu_seconds(contender), time.perf_counter(), 0
    while not count or time.perf_counter() - began < seconds:
        count += contender.iterate()
    contender.finish()
    return Window(count, time.perf_counter() - began, cpu_seconds(contender) - cpu)


def cpu_seconds(contender: Contender) -> float:
    """Processor time so far of this process and of those that work for the contender; theirs comes in ticks of 10 ms."""
    times = [psutil.Process(pid).cpu_times() for pid in contender.processes]
    theirs: float = sum(spent.user + spent.system for spent in times)
    return time.process_time() + theirs


def fastest(makers: Sequence[Maker], seconds: float, tell: Callable[[str, Window], None]) -> Contender:
    """The contender that did most in a short turn; the others are closed. Each has a batch to warm up."""
    best: tuple[float, Contender] | None = None
    for maker in makers:
        contender = maker()
        contender.iterate()
        window = turn(contender, seconds)
        tell(contender.name, window)
        if best is None or window.rate > best[0]:
            loser, best = best, (window.rate, contender)
        else:
            loser = (window.rate, contender)
        if loser:
            loser[1].close()
    assert best is not None
    return best[1]


def play(contenders: Mapping[str, Contender], rounds: int, seconds: Mapping[str, float]) -> dict[str, list[Window]]:
    """So many rounds after two batches of everybody to warm up."""
    for contender in contenders.values():
        contender.iterate()
        contender.iterate()
        contender.finish()
    found: dict[str, list[Window]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            found[name].append(turn(contender, seconds[name]))
    return found
