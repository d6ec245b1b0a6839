"""A leaderboard with work to do, and workers that meet with accidents."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import faults
import pytest

from avatarium.leaderboards.queue.worker import Worker
from avatarium.leaderboards.store import Store


@pytest.fixture(scope="session")
def zips(submission):
    """Two submissions for the world of ``faults``."""
    return [submission(faults.WORLD, name=f"policy{seed}", seed=seed) for seed in range(2)]


@pytest.fixture
def accidents(board_url, tmp_path, zips):
    """A function that lets workers at a queue of ``count`` blocks for each of three have accidents, and finds that nothing is wrong."""

    def suffered(count, number, *kinds, workers=3, meanwhile=lambda: None, **options):
        files = str(tmp_path / "files")
        faults.fill(board_url, files, count, zips)
        command = [sys.executable, faults.__file__, board_url, files, "--accidents", str(number), "--workers", str(workers)]
        command += ["--kinds", *kinds, *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
        nuisance = threading.Thread(target=meanwhile)
        nuisance.start()
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=Path(faults.__file__).parent)
        nuisance.join()
        assert done.returncode == 0, done.stderr[-3000:]
        found = json.loads(done.stdout)
        assert "stuck" not in found, (found, done.stderr[-3000:])
        assert faults.wrong(board_url, files, count, 1 + len(zips)) == [], (found, done.stderr[-3000:])
        return found

    return suffered


@pytest.fixture
def store(board_url, tmp_path, monkeypatch):
    """A leaderboard in which random has four blocks to play; episodes are made up."""
    faults.pretend(monkeypatch.setattr)
    faults.fill(board_url, str(tmp_path / "files"), 4, [])
    with Store(board_url, tmp_path / "files") as found:
        yield found


@pytest.fixture
def worker(store):
    """A worker at the queue of ``store``, who is not patient."""
    with Worker(store.database, store.artefacts, faults.HURRY) as found:
        yield found


@pytest.fixture
def clock(monkeypatch):
    """A list whose only number is added to the time of this machine."""
    shift, real = [0.0], time.time
    monkeypatch.setattr("avatarium.leaderboards.database.engine.time.time", lambda: real() + shift[0])
    return shift
