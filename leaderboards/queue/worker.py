"""A worker: takes a job, does it, stores what it found; whatever happens, the job is done once, or somebody else does it."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import orm

from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import Job, Submission
from avatarium.leaderboards.database.trouble import DiskFullError, UnavailableError
from avatarium.leaderboards.queue import checking, leases, matches, playing, quarantine
from avatarium.leaderboards.queue.desk import Desk
from avatarium.leaderboards.queue.heart import Heart
from avatarium.leaderboards.queue.leases import CHECK, EPISODES, MATCH, Lease, LostError, Store
from avatarium.leaderboards.queue.rules import RULES, Rules
from avatarium.leaderboards.queue.status import left
from avatarium.leaderboards.sandbox.host import InfrastructureError
from avatarium.leaderboards.shared_seats import WorldFault
from avatarium.worlds.core.errors import UserError

Duty = Callable[[Desk, Lease, Path], Store]
DUTIES: dict[str, Duty] = {CHECK: checking.do, EPISODES: playing.do, MATCH: matches.do}
"""How each kind of job is done: the files it makes are kept, and what it found is returned, to be stored with the job's end."""
IDLE_S, TROUBLE_S = 0.5, 5.0
"""Between looks at an empty queue, and at a database or disk that refuses."""


class Worker:
    """Works on one queue. Use as a context manager, or call ``close``."""

    def __init__(self, database: Database, artefacts: Artefacts, rules: Rules = RULES, hung: Callable[[], None] = lambda: None) -> None:
        self.database, self.artefacts, self.rules = database, artefacts, rules
        self.stop = threading.Event()
        """Set it, and ``run`` ends after the present job."""
        self._desk, self._hung = Desk(database, artefacts), hung

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes of policies."""
        self._desk.close()

    def run(self, drain: bool = False, tell: Callable[[str], None] = lambda sentence: None) -> None:
        """Work until ``stop`` is set; with ``drain``, until there is nothing left to do. What goes wrong is told and gone over."""
        while not self.stop.is_set():
            try:
                if not self.once() and (drain and not self._left()):
                    return
            except (UnavailableError, DiskFullError) as trouble:
                tell(str(trouble))
                self.stop.wait(TROUBLE_S)
            except (InfrastructureError, UserError, OSError, MemoryError) as fault:
                tell(str(fault))

    def once(self, submission: str | None = None) -> bool:
        """Do the next job, of one submission if that is given; False, after a moment, when there is none.

        Whatever fault is raised from here, the queue knows of it already, or will when the lease runs out.
        """
        lease = leases.take(self.database, self.rules, submission)
        if lease is None:
            self.stop.wait(IDLE_S)
            return False
        try:
            with Heart(self.database, lease, self.rules, self._hung), self.artefacts.scratch() as folder:
                store = self._duty(lease)(self._desk, lease, folder)
                leases.finish(self.database, lease, store)
        except LostError:  # somebody else has done it, or it is void
            pass
        except WorldFault as fault:
            self._blame_world(lease, str(fault))
        except (DiskFullError, UnavailableError, KeyboardInterrupt, SystemExit) as end:
            self._let_go(lease, str(end) or "its worker was stopped")
            raise
        except (InfrastructureError, UserError, OSError, MemoryError) as fault:
            self._desk.forget(lease.submission)
            self._put_back(lease, str(fault) or type(fault).__name__)
            raise
        return True

    def _duty(self, lease: Lease) -> Duty:
        if lease.kind not in DUTIES:
            raise InfrastructureError(f"this worker knows no jobs of the kind {lease.kind!r}: install the version that made it")
        return DUTIES[lease.kind]

    def _left(self) -> bool:
        with self.database.reading() as session:
            return left(session) > 0

    def _blame_world(self, lease: Lease, reason: str) -> None:
        """Quarantine the world's version; its plans become void, this job with them."""

        def store(session: orm.Session, job: Job) -> None:
            one = session.get_one(Submission, lease.submission)
            quarantine.impose(session, one.world, one.world_version, reason)

        with contextlib.suppress(LostError):
            leases.blame_world(self.database, lease, store, reason)

    def _let_go(self, lease: Lease, sentence: str) -> None:
        with contextlib.suppress(LostError, UserError):  # if even that cannot be stored, the lease runs out by itself
            leases.release(self.database, lease, sentence)

    def _put_back(self, lease: Lease, sentence: str) -> None:
        with contextlib.suppress(LostError, UserError):
            leases.put_back(self.database, lease, self.rules, sentence)
