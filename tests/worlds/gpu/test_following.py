"""Transcripts, returns and events that are brought home from a GPU: in the simulator of CUDA, which needs a process of its own, and by the
code that a GPU would be given, with copies that arrive late.
"""

import ctypes
import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numba import cuda

from avatarium import worlds
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.transcript import Transcript, verify

OUTSIDE = Path(__file__).with_name("outside")
pytestmark = pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed")


def test_in_the_simulator() -> None:
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(OUTSIDE / "following_simulated.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def late_copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A GPU made of the CPU (see ``outside/emulator.py``), from which what is sent arrives when it has been asked for three times."""
    from cuda.bindings.driver import CUstream
    from numba.cuda.cudadrv import driver

    from avatarium.worlds.gpu import following, parcels

    monkeypatch.syspath_prepend(OUTSIDE)
    emulator = importlib.import_module("emulator")
    road, sent = driver.Stream(CUstream(7)), []

    class Event:
        def __init__(self, timing: bool) -> None:
            self.asked, self.copies = 0, []

        def record(self, stream: Any) -> None:
            if stream is road:
                self.asked, self.copies = 0, sent.copy()
                sent.clear()

        def wait(self, stream: Any) -> None:
            assert stream is road

        def query(self) -> bool:
            self.asked += 1
            while self.asked > 2 and self.copies:
                ctypes.memmove(*self.copies.pop())
            return self.asked > 2

    def send(to: Any, of: Any, size: int, stream: Any) -> None:
        assert int(stream) == int(road)
        sent.append((int(to), int(of), size))

    with emulator.emulated():
        monkeypatch.setattr(cuda, "event", Event)
        monkeypatch.setattr(cuda, "pinned_array", np.zeros)
        monkeypatch.setattr(cuda, "get_current_device", lambda: SimpleNamespace(id=0, compute_capability=emulator.CAPABILITY))
        monkeypatch.setattr(cuda, "select_device", lambda number: None)
        monkeypatch.setattr(parcels, "_road", lambda number: road)
        monkeypatch.setattr(following, "LANES", 5)
        monkeypatch.setitem(driver.driver.__dict__, "cuMemcpyDtoHAsync", send)
        yield


@pytest.mark.usefixtures("late_copies")
def test_copies_may_arrive_late(tmp_path: Path) -> None:
    from avatarium.worlds.gpu.batch import GpuBatch
    from avatarium.worlds.gpu.following import Follower
    from avatarium.worlds.gpu.ledger import Ledger

    gpu, cpu, rng = GpuBatch(worlds.spec("coordination"), 3), worlds.make_batch("coordination", 3), np.random.default_rng(0)
    gpu.reset(7)
    cpu.reset(7)
    ledger = Ledger(gpu)
    ledger.begin()
    with Follower(gpu, [2, 0], tmp_path, slots=3) as follower:
        for _ in range(80):
            actions = random_actions(cpu, rng)
            cpu.step(actions)
            gpu.step(actions)
            follower.step()
            ledger.step()
    ledger.ask()
    assert [ledger.poll() is None for _ in range(3)] == [True, True, False]
    assert ledger.sums().returns["mover"].count == 0
    found = [Transcript.open(path) for path in tmp_path.glob("*.avt")]
    assert all(verify(told.path).ok for told in found)
    assert sorted(told.steps for told in found) == [16, 16, 64, 64]
