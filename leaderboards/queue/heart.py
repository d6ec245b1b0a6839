"""Heartbeats: while a job is worked on, a thread renews its lease; who falls silent loses it."""

import threading
import time
from collections.abc import Callable

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.queue import leases
from avatarium.leaderboards.queue.leases import Lease
from avatarium.leaderboards.queue.rules import Rules
from avatarium.worlds.core.errors import UserError


class Heart:
    """Keeps a lease within a ``with``.

    After ``Rules.longest_s`` the work counts as hung: no more beats, and ``hung`` is called, by which a process can end itself.
    """

    def __init__(self, database: Database, lease: Lease, rules: Rules, hung: Callable[[], None] = lambda: None) -> None:
        self._database, self._lease, self._rules, self._hung = database, lease, rules, hung
        self._still = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heart of {lease.key[:8]}", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._still.set()
        self._thread.join()

    def _beat(self) -> None:
        deadline = time.monotonic() + self._rules.longest_s
        while not self._still.wait(self._rules.beat_s):
            if time.monotonic() > deadline:
                self._hung()
                return
            try:
                if not leases.beat(self._database, self._lease, self._rules):
                    return
            except UserError:  # the database is away: the lease may run out meanwhile, which the token will tell
                continue
