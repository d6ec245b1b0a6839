"""Fetch rollout batches from a runner in this process, or from remote ones that may die."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import ray
import torch
from ray.rllib.env.env_runner_group import EnvRunnerGroup

from avatarium.training.play.env_runner import BatchedEnvRunner
from avatarium.training.play.rollout import RolloutBatch, split
from avatarium.training.threads import one_torch_thread

Harvest = tuple[list[Any], list[Any]]
"""What one iteration learns from, RolloutBatches or Ray's references to them, and the runners' metrics."""
PATIENCE = 3
"""How often all runners may fail in a row before sampling gives up."""


class RunnersLost(RuntimeError):  # noqa: N818  # the name says what happened
    """No runner plays any more: begin again from the last checkpoint."""


class Sampler(Protocol):
    """One fragment per runner is on its way or is not; asking again changes nothing."""

    def request(self, state: dict[str, Any]) -> None:
        """Have every runner that is idle play a fragment with the policies in ``state``, in the background."""

    def collect(self) -> Harvest:
        """Wait for what was requested."""

    def replace(self, count: int) -> list[Any]:
        """``count`` more of what ``collect`` gives, in place of some that were lost."""

    def close(self) -> None:
        """Wait until nothing goes on in the background."""


def shards(batch: RolloutBatch, count: int) -> list[RolloutBatch]:
    """A batch cut into ``count`` of equal size, for as many learners."""
    pieces = {name: split(fragment, count) for name, fragment in batch.fragments.items()}
    return [RolloutBatch({name: piece[k] for name, piece in pieces.items()}, batch.env_steps // count) for k in range(count)]


class LocalSampler:
    """A runner in this process, on a thread of its own while somebody learns: the kernels and torch let go of the GIL."""

    def __init__(self, runner: BatchedEnvRunner, shards: int, ahead: bool) -> None:
        """``shards``: how many batches of equal size, for as many learners, each fragment is cut into. ``ahead``: play on a thread."""
        self._runner, self._shards, self._ahead = runner, shards, ahead
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sampler", initializer=torch.set_num_threads, initargs=(1,))
        self._pending: Future[tuple[RolloutBatch, Any]] | None = None

    def request(self, state: dict[str, Any]) -> None:
        """Begin a fragment unless one is being played; without ``ahead`` it is played right now, because nothing goes on meanwhile."""
        if self._pending is None and self._ahead:
            self._pending = self._pool.submit(self._runner.rollout, state)
        elif self._pending is None:
            with one_torch_thread():
                played = self._runner.rollout(state)
            self._pending = Future()
            self._pending.set_result(played)

    def collect(self) -> Harvest:
        """Wait for the fragment."""
        assert self._pending is not None, "request() comes first"
        batch, metrics = self._pending.result()
        self._pending = None
        return shards(batch, self._shards), [metrics]

    def replace(self, count: int) -> list[Any]:
        """What is in this process is not lost."""
        raise RuntimeError("a batch of this process did not reach its learner")

    def close(self) -> None:
        """Wait for the fragment that is being played, if any, and end the thread."""
        self._pool.shutdown(cancel_futures=True)


class RemoteSampler:
    """Runners that are Ray actors. Where one fails, the others play its share too, so that every batch is full."""

    def __init__(self, group: EnvRunnerGroup, timeout_s: float, by_reference: bool) -> None:
        """``by_reference``: leave batches where they were played; learners elsewhere fetch them without a detour."""
        self._group, self._timeout_s = group, timeout_s
        self._method = "rollout_ref" if by_reference else "rollout"
        self._state: Any = None
        self._number = group.num_remote_env_runners()

    def request(self, state: dict[str, Any]) -> None:
        """Send the policies to every healthy runner that is idle and have it play a fragment."""
        self._state = ray.put(state)
        self._send()

    def _send(self) -> None:
        self._group.foreach_env_runner_async(self._method, tag="rollout", kwargs={"state": self._state})

    def collect(self) -> Harvest:
        """Wait for as many fragments as there are runners, whoever plays them; RunnersLost when none can be had."""
        return self._wait_for(self._number)

    def replace(self, count: int) -> list[Any]:
        """Fragments in place of some that were lost with their runner."""
        return self._wait_for(count)[0]

    def _wait_for(self, number: int) -> Harvest:
        batches: list[Any] = []
        metrics: list[Any] = []
        failures, deadline = 0, time.monotonic() + self._timeout_s
        while len(batches) < number:
            if not self._group.num_in_flight_async_reqs("rollout"):
                self._send()
            found = self._group.fetch_ready_async_reqs(tags="rollout", timeout_seconds=0.2)
            for _, (batch, report) in found[: number - len(batches)]:
                batches.append(batch)
                metrics.append(report)
            if found:
                failures, deadline = 0, time.monotonic() + self._timeout_s
            elif not self._group.num_healthy_remote_env_runners():
                failures += 1
                self._revive(failures)
            elif time.monotonic() > deadline:
                raise RunnersLost(f"no runner delivered anything for {self._timeout_s:g} s")
        return batches, metrics

    def _revive(self, failures: int) -> None:
        """Wait for Ray to restart the runners; it knows how often they may fail."""
        if failures > PATIENCE:
            raise RunnersLost("all runners failed again and again (their logs are in the session folder of Ray)")
        self._group.probe_unhealthy_env_runners(timeout_seconds=30.0)

    def close(self) -> None:
        """Nothing to wait for: the runners are stopped with their group."""
