"""Executors: real workers play a real world while they, and whoever keeps them, are killed; nothing depends on who is left."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import faults
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import artefacts, log
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import DONE, PUBLIC, Attempt, Episode, Job
from avatarium.leaderboards.queue import entry, status
from avatarium.leaderboards.seasons.definition import Block
from avatarium.leaderboards.store import LOCAL, Store
from avatarium.worlds.core import discovery

WORLD = "elsewhere:WORLD"
CODE = """
import sys
from avatarium.leaderboards.queue.executors import local, on_ray
from avatarium.leaderboards.queue.executors.serving import Workplace
from avatarium.leaderboards.queue.rules import Rules
if __name__ == "__main__":
    kind, count, board, files = sys.argv[1:]
    place = Workplace(board, files, True, Rules(lease_s=3.0, beat_s=0.5, back_off_s=0.1, attempts=50))
    def tick(news):
        print(*news, sep="\\n", end="" if not news else "\\n", flush=True)
    (local if kind == "local" else on_ray).run(place, int(count), tick)
"""
BLOCKS, SEEDS = 40, 2


def blocks(spec, role):
    scenario = faults.alone(spec, role)[0]
    for k in range(BLOCKS):
        yield Block(scenario, tuple(scenario.seeds(SEEDS * (k + 1)))[SEEDS * k :])


@pytest.fixture
def board(board_url, tmp_path, elsewhere):
    """Where there are blocks of a small world to play, and a function that starts an executor for it."""
    Database(board_url, upgrade=True).close()
    (tmp_path / "executor.py").write_text(CODE)
    started = []
    with Store(board_url, tmp_path / "files") as found:
        spec = discovery.spec(WORLD)
        entry.enter_baseline(found.database, "random", WORLD, spec.role_names()[0], LOCAL, PUBLIC, blocks=blocks)

        def execute(kind="local", count=2):
            words = [sys.executable, str(tmp_path / "executor.py"), kind, str(count), board_url, str(tmp_path / "files")]
            environment = os.environ | {"PYTHONPATH": str(elsewhere)}
            started.append(subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
            return started[-1]

        yield found, execute
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def done(store):
    with store.database.reading() as session:
        return status.counts(session).get(DONE, 0)


def owners(store):
    """Processes that have a lease now."""
    with store.database.reading() as session:
        return [int(owner.split(":")[1]) for owner in session.scalars(sql.select(Job.owner).where(Job.state == "leased"))]


def until(what, patience_s=90.0):
    deadline = time.monotonic() + patience_s
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def whole(store):
    """Every episode is there once, done by one attempt each, and its transcript is what it says."""
    with store.database.reading() as session:
        assert status.counts(session) == {DONE: BLOCKS}
        assert len(list(session.scalars(sql.select(Attempt.id).where(Attempt.outcome == "done")))) == BLOCKS
        rows = list(session.scalars(sql.select(Episode)))
    assert len({row.seed for row in rows}) == len(rows) == BLOCKS * SEEDS
    assert not any(row.fault for row in rows)
    assert log.check(store.database) == []
    assert artefacts.beside("", store.artefacts.folder).check(row.artefact for row in rows) == []


@pytest.mark.parametrize("board_url", ["sqlite"], indirect=True)
def test_workers_that_are_killed_are_replaced(board):
    store, execute = board
    executor, killed = execute(), set()
    while len(killed) < 3:
        victim = until(lambda: [process for process in owners(store) if process not in killed])[0]
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)
    out, _ = executor.communicate(timeout=120)
    assert executor.returncode == 0, out
    assert out.count("a worker died (SIGKILL): it is replaced") == 3
    whole(store)


@pytest.mark.parametrize("board_url", ["postgresql"], indirect=True)
def test_four_executors_share_a_server_and_two_are_killed(board):
    store, execute = board
    executors = [execute(count=1) for _ in range(4)]
    until(lambda: done(store) >= 2)
    for victim in executors[:2]:
        victim.kill()
    for executor in executors[2:]:
        out, _ = executor.communicate(timeout=120)
        assert executor.returncode == 0, out
    whole(store)


@pytest.mark.parametrize("board_url", ["sqlite"], indirect=True)
def test_workers_end_with_their_executor_and_another_goes_on(board):
    store, execute = board
    first = execute()
    orphans = until(lambda: owners(store) if done(store) >= 1 else [])
    first.kill()
    first.wait()
    for orphan in orphans:
        until(lambda orphan=orphan: _state(orphan) == "Z")
    assert execute().wait(120) == 0
    whole(store)


def _state(process):
    """A letter; Z for one that has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.mark.parametrize("board_url", ["sqlite"], indirect=True)
def test_told_to_stop_workers_finish_their_jobs(board):
    store, execute = board
    executor = execute()
    until(lambda: done(store) >= 1)
    executor.send_signal(signal.SIGTERM)
    assert executor.wait(60) == 0
    with store.database.reading() as session:
        found = status.counts(session)
        assert set(found) <= {DONE, "waiting"} and found["waiting"] > 0
        outcomes = set(session.scalars(sql.select(Attempt.outcome)))
    assert outcomes <= {"done", "released"}
    assert execute().wait(120) == 0
    whole(store)


@pytest.mark.parametrize("board_url", ["postgresql"], indirect=True)
def test_ray_keeps_workers_too(board):
    pytest.importorskip("ray")
    store, execute = board
    executor = execute("ray")
    victim = until(lambda: owners(store))[0]
    os.kill(victim, signal.SIGKILL)
    out, _ = executor.communicate(timeout=150)
    assert executor.returncode == 0, out
    whole(store)
