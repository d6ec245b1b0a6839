"""Work is recorded once and replayed; where it cannot be recorded it goes on. CUDA is stood in for: there is none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from numba import cuda

from avatarium.training.gpu.replayed import WARM, Replayed


class Graph:
    """Notes how often it was replayed."""

    replays = 0

    def replay(self) -> None:
        Graph.replays += 1


@contextmanager
def nothing(*_: Any) -> Iterator[None]:
    yield


@pytest.fixture(autouse=True)
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    Graph.replays = 0
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", nothing)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(cuda, "defer_cleanup", nothing)


def test_work_is_done_as_it_stands_then_recorded_and_replayed() -> None:
    done: list[str] = []
    work = Replayed(lambda: done.append("work"), lambda: done.append("follow"))
    for _ in range(WARM):
        work()
    assert done == ["work"] * WARM and Graph.replays == 0
    work()
    assert done[WARM:] == ["follow", "work", "follow"] and Graph.replays == 1
    work()
    assert len(done) == WARM + 3 and Graph.replays == 2 and not work.fault


def test_what_cannot_be_recorded_is_done_as_it_stands() -> None:
    done: list[int] = []

    def waiting() -> None:
        if len(done) == WARM:
            done.append(-1)  # as far as it came when it was to be recorded
            raise RuntimeError("operation not permitted when stream is capturing")
        done.append(1)

    work = Replayed(waiting, lambda: None)
    for _ in range(WARM):
        work()
    with pytest.warns(RuntimeWarning, match="not permitted"):
        work()
    work()
    work()
    assert done == [1] * WARM + [-1] + [1] * 3
    assert Graph.replays == 0 and "not permitted" in work.fault
