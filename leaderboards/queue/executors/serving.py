"""What a worker process does from its first breath: it opens the leaderboard, works, and obeys when it is told to stop."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from avatarium.leaderboards.database import artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.trouble import UnavailableError
from avatarium.leaderboards.queue import worker
from avatarium.leaderboards.queue.rules import RULES, Rules
from avatarium.leaderboards.queue.worker import Worker

HUNG = 75
"""Exit status of a worker whose job took too long."""


@dataclass(frozen=True)
class Workplace:
    """A queue, and how it is worked on. A worker needs nothing else to know."""

    board: str
    """File or URL of the database."""
    files: str | None = None
    """Folder or URL of the files; by default the folder ``artefacts`` beside the board's file."""
    drain: bool = False
    """Whether to end when nothing is left to do."""
    rules: Rules = RULES
    grace_s: float = 20.0
    """How long a job may still take when its worker is told to stop; then it is given back."""


def serve(place: Workplace, obey: bool = True) -> None:
    """Work until told to stop, or until nothing is left. With ``obey``, this process ends on SIGTERM, after the job that it is at."""
    stop = threading.Event()
    if obey:
        _obey(stop, place.grace_s)
    try:
        with _opened(place.board, stop) as database, Worker(database, artefacts.beside(place.board, place.files), place.rules, _die) as one:
            one.stop = stop
            one.artefacts.sweep()
            one.run(place.drain, tell)
    except KeyboardInterrupt:
        return


def tell(sentence: str) -> None:
    """Say what went wrong, for whoever reads a worker's errors."""
    print(f"avatarium: {sentence}", file=sys.stderr, flush=True)


def _opened(board: str, stop: threading.Event) -> Database:
    """The database, as soon as it answers."""
    while True:
        try:
            return Database(board)
        except UnavailableError as trouble:
            tell(str(trouble))
            if stop.wait(worker.TROUBLE_S):
                raise KeyboardInterrupt from None


def _obey(stop: threading.Event, grace_s: float) -> None:
    """At the first SIGTERM end after the present job; at the second, or when the job takes too long, give it back."""

    def asked(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, grace_s)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to everybody; the executor passes on what it means
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, asked)


def _die() -> None:
    os._exit(HUNG)


Tick = Callable[[list[str]], None]
"""Called now and then while others work, with what has happened to them since."""
