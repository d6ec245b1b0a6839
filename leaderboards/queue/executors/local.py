"""Workers as processes of this machine; one that dies is replaced."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess

from avatarium.leaderboards.queue.executors.serving import HUNG, Tick, Workplace, serve

TICK_S = 0.2
PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
"""Before a worker is replaced; longer each time that workers die young."""
YOUNG_S = 5.0


def run(place: Workplace, count: int, tick: Tick) -> None:
    """Keep ``count`` worker processes until SIGINT or SIGTERM, or until nothing is left; a second signal makes them give back jobs."""
    with asked() as stop:
        seats = [Seat(place) for _ in range(count)]
        told = 0
        try:
            while any(seat.going for seat in seats):
                if stop.times > told:
                    told = stop.times
                    for seat in seats:
                        seat.end()
                tick([sentence for seat in seats if (sentence := seat.look())])
                time.sleep(TICK_S)
        finally:
            for seat in seats:
                seat.kill()


class Seat:
    """Where one worker sits after another."""

    def __init__(self, place: Workplace) -> None:
        self.going = True
        """Whether somebody sits here, or will."""
        self._place, self._ending, self._pause, self._due = place, False, PAUSE_S, 0.0
        self._process: SpawnProcess | None = None

    def look(self) -> str:
        """Replace a worker that died; says so in a sentence, or nothing."""
        if self._process is None:
            if self._ending:
                self.going = False
            elif time.monotonic() >= self._due:
                self._begin()
            return ""
        if self._process.is_alive():
            return ""
        code, young = self._process.exitcode, time.monotonic() - self._begun < YOUNG_S
        self._process.close()
        self._process = None
        self._pause = min(2 * self._pause, LONGEST_PAUSE_S) if young else PAUSE_S
        self._due = time.monotonic() + self._pause
        if code == 0:
            self.going = False
            return ""
        why = "took too long over a job" if code == HUNG else f"died ({_how(code)})"
        return f"a worker {why}" + ("" if self._ending else ": it is replaced")

    def end(self) -> None:
        """Let nobody sit here any more: the worker ends after its job, or, told a second time, gives it back."""
        self._ending = True
        if self._process and self._process.is_alive():
            self._process.terminate()

    def kill(self) -> None:
        """End the worker at once."""
        if self._process:
            self._process.kill()
            self._process.join()

    def _begin(self) -> None:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the child inherits it, so that Ctrl-C does not end it while it imports
        try:
            self._process = multiprocessing.get_context("spawn").Process(target=_sit, args=(self._place,))
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        self._begun = time.monotonic()


class _Stop:
    """How often somebody asked for the end."""

    times = 0


@contextmanager
def asked() -> Iterator[_Stop]:
    """Within, SIGINT and SIGTERM are counted, and do nothing else."""
    stop = _Stop()

    def count(number: int, frame: object) -> None:
        stop.times += 1

    before = {number: signal.signal(number, count) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sit(place: Workplace) -> None:
    """A worker process's main: it works, and stops when the process that began it is gone."""
    threading.Thread(target=_outlive, daemon=True).start()
    serve(place)


def _outlive() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _how(code: int | None) -> str:
    return signal.Signals(-code).name if code and code < 0 else f"exit status {code}"
