"""Workers that meet with accidents: real queue, real database, real files; only the playing is made up, so that jobs take no time.

Run as a program it keeps some workers at the queue, each with a fuse: after so many transitions (a statement, a commit, a write, a rename)
the worker has its accident. Once there were enough accidents, workers without a fuse finish what is left. It prints what happened as JSON.
"""

import argparse
import contextlib
import errno
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sql
from sqlalchemy import orm

from avatarium.leaderboards import store as stores
from avatarium.leaderboards.database import artefacts, log, models
from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.trouble import UnavailableError
from avatarium.leaderboards.episodes import Episode
from avatarium.leaderboards.queue import checking, entry, installed, leases, playing, status, worker
from avatarium.leaderboards.queue.rules import Rules
from avatarium.leaderboards.queue.worker import Worker
from avatarium.leaderboards.scenarios import alone
from avatarium.leaderboards.seasons.definition import Block
from avatarium.worlds.core import discovery

WORLD, ROLE = "wayfinding", "walker"
HURRY = Rules(lease_s=0.6, beat_s=0.2, longest_s=30.0, attempts=10_000, back_off_s=0.01, longest_back_off_s=0.02)
SEEDS = 2
"""Episodes of a block."""
FAULTY = 3
"""The seed, counted from the scenario's first, in which everybody fails by themselves."""
FULL = OSError(errno.ENOSPC, "No space left on device")


def pretend(put: Callable[[object, str, object], None] = setattr) -> None:
    """Let episodes and checks of this process be made up: deterministic, with files, and without playing anything."""
    put(playing, "played", played)
    put(checking, "examined", lambda *_: checking.Found("", {"nodes": 1}, {"process": True}))
    put(installed, "agree", lambda *_: None)
    for name in ("IDLE_S", "TROUBLE_S"):
        put(worker, name, 0.02)


def played(desk, order, folder: Path) -> list[Episode]:
    """What becomes of the seeds of an order, always the same."""
    return [made_up(order.one.key, order.key, seed, order.scenario.first_seed, folder) for seed in order.seeds]


def made_up(key: str, scenario: str, seed: int, first: int, folder: Path | None = None) -> Episode:
    """One episode; with a folder its transcript is written there."""
    if seed == first + FAULTY:
        return Episode(seed, 0, {}, None, "", "it gave up")
    content = f"{key} {scenario} {seed}".encode() * 20
    path = None
    if folder:
        path = folder / f"{seed}.avt"
        path.write_bytes(content)
    return Episode(seed, seed % 97, {"success": (seed % 2, 1.0)}, path, hashlib.sha256(content).hexdigest())


def blocks(count: int) -> Callable[..., Iterator[Block]]:
    """What a submission plays: so many blocks of one scenario."""

    def of(spec, role) -> Iterator[Block]:
        scenario = alone(spec, role)[0]
        for k in range(count):
            yield Block(scenario, tuple(scenario.seeds(SEEDS * (k + 1)))[SEEDS * k :])

    return of


def fill(board: str, files: str, count: int, zips: list[Path]) -> None:
    """Make a leaderboard in which random and the submissions ``zips`` have ``count`` blocks each to play."""
    Database(board, upgrade=True).close()
    with stores.Store(board, files) as found:
        entry.enter_baseline(found.database, "random", WORLD, ROLE, stores.LOCAL, models.PUBLIC, blocks=blocks(count))
        for path in zips:
            content = path.read_bytes()
            entry.enter(found.database, found.artefacts, content, stores.LOCAL, models.PUBLIC, trust=True, blocks=blocks(count))


def wrong(board: str, files: str, count: int, submissions: int) -> list[str]:
    """What is not as it has to be once all is done; nothing, however many accidents there were."""
    with Database(board) as database, database.reading() as session:
        found = log.check(database) + status.unexplained(session)
        jobs = list(session.scalars(sql.select(models.Job)))
        found += [f"job {job.key[:8]} is {job.state}: {job.reason}" for job in jobs if job.state != models.DONE]
        ends = list(session.execute(sql.select(models.Attempt.job, models.Attempt.outcome, models.Attempt.ended)))
        found += [f"an attempt at job {job} never ended" for job, _, ended in ends if ended is None]
        done = sorted(job for job, outcome, _ in ends if outcome == "done")
        if done != sorted(job.id for job in jobs):
            found.append(f"{len(jobs)} jobs were done {len(done)} times")
        rows = list(session.scalars(sql.select(models.Episode)))
        found += _episodes(session, rows, count, submissions)
        found += [one.state for one in session.scalars(sql.select(models.Submission)) if one.state != models.FINISHED]
        found += [plan.state for plan in session.scalars(sql.select(models.EvalPlan)) if plan.state != models.FINISHED]
        kept = artefacts.beside(board, files)
        found += kept.check(row.artefact for row in rows if row.artefact)
    kept.sweep()
    return found + [f"{path} is left over" for path in kept.folder.glob(".*") if not path.name.endswith(f"-{os.getpid()}")]


def _episodes(session: orm.Session, rows: list[models.Episode], count: int, submissions: int) -> list[str]:
    spec = discovery.spec(WORLD)
    scenario = alone(spec, ROLE)[0]
    keys = list(session.scalars(sql.select(models.Submission.key)))
    wanted = {
        (key, seed): made_up(key, scenario.key(spec), seed, scenario.first_seed) for key in keys for seed in scenario.seeds(SEEDS * count)
    }
    told = {(row.submission, row.seed): row for row in rows}
    found = [] if len(rows) == len(told) == len(wanted) and len(keys) == submissions else [f"{len(rows)} episodes of {len(wanted)}"]
    for which, row in told.items():
        same = (wanted[which].digest, wanted[which].steps, wanted[which].fault)
        if (row.digest, row.steps, row.fault) != same or {n: tuple(s) for n, s in row.shares.items()} != wanted[which].shares:
            found.append(f"the episode of seed {row.seed} is not what was played")
    return found


class Fuse:
    """Counts transitions of this process, and brings about the accident when it has burnt down."""

    def __init__(self, length: int, accident: Callable[[], None]) -> None:
        self.left, self._accident, self._lock = length, accident, threading.Lock()

    def burn(self, *_: object, **__: object) -> None:
        with self._lock:
            self.left -= 1
            now = self.left == 0
        if now:
            self._accident()

    def lay(self) -> None:
        """Burn at every statement, commit, write, sync and rename."""
        for name in ("before_cursor_execute", "after_cursor_execute", "commit", "rollback"):
            sql.event.listen(sql.Engine, name, self.burn)
        for name in ("after_commit", "after_begin"):
            sql.event.listen(orm.Session, name, self.burn)
        for where, name in ((Artefacts, "_write"), (os, "fsync"), (shutil, "move"), (Path, "write_bytes")):
            setattr(where, name, self._around(getattr(where, name)))

    def _around(self, real: Callable) -> Callable:
        def burning(*args, **kwargs):
            self.burn()
            found = real(*args, **kwargs)
            self.burn()
            return found

        return burning


def accident(kind: str, board: str) -> Callable[[], None]:
    """What happens: ``kill``, ``cut`` (all connections to the server), ``full`` (no more room for this write), ``hang`` (stops)."""
    if kind == "cut":
        return lambda: cut(board)
    if kind == "full":
        return _full
    return lambda: os.kill(os.getpid(), signal.SIGSTOP if kind == "hang" else signal.SIGKILL)


def _full() -> None:
    raise FULL


def cut(board: str) -> None:
    """Let the server end all connections to a database."""
    import psycopg

    url = sql.make_url(board)
    with psycopg.connect(dbname="postgres", user=url.username, host=url.query["host"], autocommit=True) as connection:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        connection.execute(query, (url.database,))


def work(board: str, files: str, fuse: int, kind: str) -> None:
    """Be a worker, with an accident after ``fuse`` transitions unless that is 0."""
    pretend()
    if fuse % 2:  # nobody can know that it is gone: its lease has to run out
        here = {"machine": lambda: "elsewhere", "me": lambda: f"elsewhere:{os.getpid()}", "gone": lambda who: False}
        leases.processes = SimpleNamespace(**here)
    with Database(board) as database, Worker(database, artefacts.beside(board, files), HURRY) as one:
        if fuse:
            Fuse(fuse, accident(kind, board)).lay()
        one.run(drain=True, tell=lambda sentence: sys.stderr.write(f"{sentence}\n"))


def enter(board: str, files: str, path: Path, count: int) -> int:
    """Hand in a file, killed one transition later each time until it goes through; returns how often it was killed."""
    for fuse in range(1, 1000):
        process = os.fork()
        if process == 0:
            Fuse(fuse, accident("kill", board)).lay()
            with Database(board) as database:
                where = (stores.LOCAL, models.PUBLIC)
                entry.enter(database, artefacts.beside(board, files), path.read_bytes(), *where, trust=True, blocks=blocks(count))
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(process, 0)[1]):
            return fuse - 1
    return -1


class Nursery:
    """Keeps ``size`` workers at a queue, forked from this process, which has imported everything."""

    def __init__(self, board: str, files: str, size: int, kinds: list[str], seed: int) -> None:
        self.board, self.files, self.size, self.kinds = board, files, size, kinds
        self.chance, self.alive, self.deaths, self.ended = random.Random(seed), {}, 0, 0
        self.begun = 0

    def run(self, accidents: int, longest: int, patience_s: float) -> dict[str, float]:
        """Go on until there were so many accidents and nothing is left to do."""
        begun, deadline = time.monotonic(), time.monotonic() + patience_s
        while self.begun < accidents or self.alive:
            while len(self.alive) < self.size and (self.begun < accidents or not self.ended):
                self._bear(self.chance.randint(1, longest) if self.begun < accidents else 0)
            self._bury()
            if time.monotonic() > deadline:
                for process in self.alive:
                    os.kill(process, signal.SIGKILL)
                return {"stuck": 1, "accidents": self.begun, "kills": self.deaths}
        return {"accidents": self.begun, "kills": self.deaths, "seconds": time.monotonic() - begun}

    def _bear(self, fuse: int) -> None:
        kind = self.chance.choice(self.kinds)
        process = os.fork()
        if process == 0:
            code = 1
            try:
                work(self.board, self.files, fuse, kind)
                code = 0
            except BaseException as error:
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
            finally:
                os._exit(code)
        self.begun += bool(fuse)
        self.alive[process] = (fuse, kind, time.monotonic())

    def _bury(self) -> None:
        """Take note of a worker that has ended, or go on after a moment; one that hangs is killed once somebody has its lease."""
        process, how = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        if process == 0:
            time.sleep(0.002)
        elif os.WIFSTOPPED(how):
            time.sleep(2 * HURRY.lease_s if self.chance.random() < 0.1 else 0.0)
            os.kill(process, signal.SIGCONT if self.chance.random() < 0.5 else signal.SIGKILL)
        else:
            self.alive.pop(process, None)
            self.deaths += os.WIFSIGNALED(how)
            self.ended += os.WIFEXITED(how) and os.WEXITSTATUS(how) == 0


def main() -> None:
    """Keep a nursery; print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("board")
    parser.add_argument("files")
    parser.add_argument("--accidents", type=int, default=100)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=["kill"])
    parser.add_argument("--longest", type=int, default=80, help="transitions of the longest fuse")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--enter", type=Path, metavar="ZIP", help="hand in this file instead, two blocks, killed at every transition")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds until it counts as stuck")
    args = parser.parse_args()
    pretend()
    with contextlib.suppress(UnavailableError):
        Database(args.board).close()  # imports what the children would import one by one
    if args.enter:
        print(json.dumps({"kills": enter(args.board, args.files, args.enter, 2)}))
        return
    found = Nursery(args.board, args.files, args.workers, args.kinds, args.seed).run(args.accidents, args.longest, args.patience)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
