"""What ``test_following`` runs in a process of its own, in which numba stands in for a GPU."""

import errno
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core import blocks
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.transcript import Transcript, verify
from avatarium.worlds.gpu import device, following
from avatarium.worlds.gpu.batch import GpuBatch
from avatarium.worlds.gpu.following import Follower
from avatarium.worlds.gpu.ledger import Ledger, Sum

assert device.SIMULATED
WORLDS: dict[str, dict[str, Any]] = {"coordination": {}, "wayfinding": {"episode_steps": 50, "walkers": 2, "sync.aosi": 3}, "message": {}}
"""Episodes of 64, 50 and 16 steps; one with states that arrive late, one with two roles."""


@pytest.fixture(autouse=True)
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated ones are dear."""
    monkeypatch.setattr(following, "LANES", 3)


def batch_of(name: str = "coordination", count: int = 3, **more: Any) -> GpuBatch:
    """Environments that were just reset."""
    batch = GpuBatch(worlds.spec(name), count, **(WORLDS[name] | more))
    batch.reset(7)
    return batch


def followed(batch: GpuBatch, follower: Follower, steps: int) -> None:
    """Step with random actions."""
    rng = np.random.default_rng(0)
    for _ in range(steps):
        batch.step(random_actions(batch, rng))
        follower.step()


def transcripts(folder: Path) -> dict[tuple[int, int], Transcript]:
    """Those of a folder, by environment and episode; each is what its world does."""
    found = [Transcript.open(path) for path in folder.glob("*.avt")]
    for told in found:
        assert verify(told.path).ok, verify(told.path).message
    return {(told.header["extra"]["environment"], told.header["extra"]["episode"]): told for told in found}


@pytest.mark.parametrize("name", WORLDS)
def test_every_episode_becomes_a_transcript_that_verifies(name: str, tmp_path: Path) -> None:
    batch, steps = batch_of(name), 70
    with Follower(batch, [0, 2], tmp_path, {"walker": "random"}, extra={"run": "a"}) as follower:
        followed(batch, follower, steps)
    found, begun = transcripts(tmp_path), device.fetch(batch.episodes.count)
    assert set(found) == {(env, episode) for env in (0, 2) for episode in range(1, begun[env] + 1)}
    assert begun.min() > 1
    for env in (0, 2):
        assert sum(told.steps for (i, _), told in found.items() if i == env) == steps
    assert all(told.complete for told in found.values())
    header = found[0, 1].header
    assert header["seed"] == 7
    assert (header["policies"], header["extra"]["run"]) == ({"walker": "random"}, "a")


def contents(path: Path) -> tuple[dict[str, Any], list[tuple[bytes, bytes]]]:
    """The header without what ``extra`` says, and all other blocks."""
    head, *others = blocks.read(path)
    return json.loads(head[1]) | {"extra": {}}, others


def test_files_hold_the_bytes_that_a_recorder_writes_on_a_cpu(tmp_path: Path) -> None:
    batch = batch_of()
    with Follower(batch, [1], tmp_path / "gpu") as follower:
        followed(batch, follower, 70)
    for (_, episode), told in transcripts(tmp_path / "gpu").items():
        one = Batch(batch.spec, 1, autoreset=False)
        one.reset([told.header["seed"]])
        recorder = Recorder(tmp_path / f"cpu{episode}", one, [told.header["seed"]])
        for t in range(told.steps):
            one.step({role: told.data[f"actions.{role}"][t][None] for role in one.roles})
            recorder.step()
        recorder.close()
        assert contents(told.path) == contents(recorder.paths[0])


def test_what_began_before_is_left_out_and_a_reset_cuts(tmp_path: Path) -> None:
    batch = batch_of()
    device.store(batch.clock, np.array([10, 0, 0], np.int32))
    with Follower(batch, [0, 1], tmp_path) as follower:
        followed(batch, follower, 60)
        batch.reset([100, 101, 102])
        followed(batch, follower, 5)
    found = [Transcript.open(path) for path in tmp_path.glob("*.avt")]
    assert all(verify(told.path).ok for told in found)
    assert sorted(told.steps for told in found) == [5, 5, 6, 60]  # the first environment's second episode began after 54 steps
    assert {told.header["seed"] for told in found if told.steps == 5} == {100, 101}


def test_an_environment_that_stands_still_has_one_transcript(tmp_path: Path) -> None:
    batch = batch_of(autoreset=False)
    with Follower(batch, [0], tmp_path) as follower:
        followed(batch, follower, 80)
    assert [(key, told.steps) for key, told in transcripts(tmp_path).items()] == [((0, 1), 64)]


def test_a_full_disk_is_told_and_what_was_written_stays_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, write, room = batch_of("wayfinding", episode_steps=6000), blocks.write, [3]

    def full(file: Any, tag: bytes, content: bytes) -> None:
        if tag == blocks.STEPS:
            room[0] -= 1
            if room[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
        write(file, tag, content)

    monkeypatch.setattr(blocks, "write", full)
    follower = Follower(batch, [0, 1], tmp_path)
    with pytest.raises(OSError, match="No space left"):
        followed(batch, follower, 200)
    follower.close()
    follower.close()
    assert not batch.onlookers
    monkeypatch.undo()
    assert sorted(told.steps for told in transcripts(tmp_path).values()) == [64, 128]
    batch.step(batch.actions)  # goes on


def test_a_full_disk_at_the_end_is_told_by_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = batch_of()
    follower = Follower(batch, [0], tmp_path)
    followed(batch, follower, 5)

    def full(recorder: Recorder) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Recorder, "close", full)
    with pytest.raises(OSError, match="No space left"):
        follower.close()
    follower.close()
    with pytest.raises(OSError, match="No space left"):
        follower.step()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Nothing is written while it is closed."""
    opened, take = threading.Event(), following.Track.take

    def late(track: following.Track, row: np.ndarray) -> None:
        assert opened.wait(30)
        take(track, row)

    monkeypatch.setattr(following.Track, "take", late)
    yield opened
    opened.set()


def test_a_step_waits_only_while_all_slots_are_in_use(tmp_path: Path, gate: threading.Event) -> None:
    batch = batch_of()
    follower = Follower(batch, [0, 1], tmp_path, slots=4)
    followed(batch, follower, 3)  # and a fourth slot for the next step
    batch.step(batch.actions)
    waiting = threading.Thread(target=follower.step)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    gate.set()
    waiting.join(30)
    assert not waiting.is_alive()
    follower.close()
    assert [told.steps for told in transcripts(tmp_path).values()] == [4, 4]
    assert threading.active_count() == 1


def test_a_closed_follower_says_so(tmp_path: Path) -> None:
    follower = Follower(batch_of(), [0], tmp_path)
    follower.close()
    with pytest.raises(UserError, match="was closed"):
        follower.step()


@pytest.mark.parametrize("envs", [[], [3], [-1], [1, 1]])
def test_environments_have_to_be_there(envs: list[int], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unlike numbers of environments from 0 to 2"):
        Follower(batch_of(), envs, tmp_path)


def test_steps_that_last_until_the_next_decision_are_not_recorded(tmp_path: Path) -> None:
    batch = GpuBatch(worlds.spec("domination"), 1, by_decision=True, command="commander")
    with pytest.raises(UserError, match="cannot be recorded"):
        Follower(batch, [0], tmp_path)


def test_a_ledger_adds_up_what_happens_in_all_environments() -> None:
    gpu, cpu = batch_of("wayfinding", 5), Batch(worlds.spec("wayfinding"), 5, **WORLDS["wayfinding"])
    clock, rng = np.array([0, 10, 20, 30, 0], np.int32), np.random.default_rng(3)
    cpu.reset(7)
    cpu.clock[:] = clock
    device.store(gpu.clock, clock)
    ledger, returns, whole, finished = Ledger(gpu), np.zeros(5), clock == 0, []
    ledger.begin()
    for t in range(120):
        actions = random_actions(cpu, rng)
        cpu.step(actions)
        gpu.step(actions)
        ledger.step()
        returns += cpu.rewards["walker"].mean(axis=1, dtype=np.float64)
        finished += returns[cpu.ended & whole].tolist()
        returns[cpu.ended], whole = 0.0, whole | cpu.ended
        if t == 70:
            ledger.ask()
            first = ledger.poll()
            assert ledger.poll() is None
    assert first is not None
    rest, tally = ledger.sums(), cpu.events.tally
    for k, kind in enumerate(cpu.spec.events):
        found = [first.events[kind.name], rest.events[kind.name]]
        assert sum(one.count for one in found) == tally["count"][:, k].sum()
        assert sum(one.value for one in found) == pytest.approx(tally["value"][:, k].sum())
    assert sum(one.count for one in first.events.values()) > 0
    both = first.returns["walker"], rest.returns["walker"]
    assert both[0].count + both[1].count == len(finished) == 8
    assert both[0].value + both[1].value == pytest.approx(sum(finished))
    assert ledger.sums().events["wall_contact"] == Sum(0, 0.0)


def test_a_ledger_begins_anew_after_a_reset() -> None:
    batch = batch_of()
    ledger = Ledger(batch)
    for _ in range(2):
        batch.reset(3)
        ledger.begin()
        rng = np.random.default_rng(0)
        for _ in range(65):
            batch.step(random_actions(batch, rng))
            ledger.step()
        found = ledger.sums()
        tally = device.fetch(batch.events.tally)
        assert found.events["covered"] == Sum(int(tally["count"].sum()), float(tally["value"].sum()))
        assert found.returns["mover"].count == 3
