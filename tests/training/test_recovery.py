"""A run that loses a learner, or all of its runners, goes on by itself from its last checkpoint; but not for ever."""

import errno
import itertools
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray

from avatarium.training.algorithms import ppo
from avatarium.training.algorithms.ppo import LearnerLost
from avatarium.training.cluster import cpus
from avatarium.training.play.samplers import RunnersLost
from avatarium.training.run import checkpoint, engine, recovery, session
from avatarium.training.run.history import Board, Point
from avatarium.training.run.plan import Plan
from avatarium.training.run.recovery import Losses
from avatarium.worlds import UserError

WORDS = ["lanes:WORLD", "--minutes", "9", "--evaluate", "0", "--envs", "16", "--out", "run", "--oversubscribe"]
SETTINGS = ("fragment=20", "epochs=2", "minibatch=160", "lr=0.005", "hidden=16", "learner_threads=1", "checkpoint_minutes=0.01")
WORDS += [word for name in SETTINGS for word in ("--train", name)]


class Heard:
    """A display that keeps what is said, and may do something when a point is shown."""

    def __init__(self, then: Callable[[Point], None] = lambda point: None) -> None:
        self.sentences: list[str] = []
        self._then = then

    def show(self, done: float, point: Point) -> None:
        self._then(point)

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


def iterations(run: Path) -> list[int]:
    return [json.loads(line)["iteration"] for line in (run / "history.jsonl").read_text().splitlines()]


def test_a_learner_is_killed_and_training_goes_on(training: Callable[..., Any], tmp_path: Path) -> None:
    one = training(tmp_path / "run", *WORDS, "--runners", "2", "--learners", "2")
    one.wait_until(lambda: len(one.points()) > 3, seconds=300)
    before = [pid for pid, name in one.left_behind(seconds=0).items() if name.startswith("ray::_Wrapped")]
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    gone = len(one.points())
    one.wait_until(lambda: len(one.points()) > gone + 3 and not set(before) & set(one.left_behind(seconds=0)), seconds=300)
    one.process.send_signal(signal.SIGTERM)
    told, complaints = one.process.communicate(timeout=120)
    assert (one.process.returncode, complaints) == (130, "")
    lost = [line for line in told.splitlines() if "going on from iteration" in line]
    assert len(lost) == 1
    assert re.search("([12] of 2 learners|a process of the run) died: going on from iteration", lost[0])
    assert iterations(tmp_path / "run") == list(range(1, max(one.checkpoints()) + 1))
    assert one.left_behind(seconds=30) == {}


class Failing:
    """Loses something when certain iterations are done, each time the run comes there for so many times."""

    def __init__(self, fault: Exception, times: dict[int, int]) -> None:
        self._fault, self._times = fault, times

    def __call__(self, point: Point) -> None:
        left = self._times.get(int(point["iteration"]), 0)
        if left:
            self._times[int(point["iteration"])] = left - 1
            raise self._fault


@pytest.fixture
def saving(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A run of six iterations that is saved after each, because each seems to take ten seconds."""
    ticks = itertools.count(0.0, 10.0)
    monkeypatch.setattr(session, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    return replace(plan, steps=640 * 6, hyperparameters=replace(plan.hyperparameters, checkpoint_minutes=0.1))


@pytest.mark.usefixtures("ray_running")
def test_losses_leave_no_gap_in_the_curve(plan: Plan, saving: Plan, tmp_path: Path) -> None:
    display = Heard(Failing(LearnerLost("1 of 2 learners died: begin again"), {1: 1, 3: 2, 5: 2}))
    ended = session.train(saving, tmp_path, display)
    assert display.sentences == [f"1 of 2 learners died: going on from iteration {n}" for n in (0, 2, 2, 4, 4)]
    assert not ended.interrupted
    assert checkpoint.load(ended.checkpoint).progress.decisions == 640 * 6
    assert iterations(tmp_path) == [1, 2, 3, 4, 5, 6]


@pytest.mark.usefixtures("ray_running")
def test_it_gives_up_when_the_same_happens_three_times_in_a_row(saving: Plan, tmp_path: Path) -> None:
    display = Heard(Failing(RunnersLost("all runners failed again and again"), {3: 9}))
    complaint = f"again, and so it went 3 times in a row without a new checkpoint; {tmp_path} is saved up to iteration 2"
    with pytest.raises(UserError, match=complaint):
        session.train(saving, tmp_path, display)
    assert len(display.sentences) == 2
    found = checkpoint.load(tmp_path)
    assert found.progress.iteration == 2
    ended = session.train(saving, tmp_path, Heard(), found)
    assert checkpoint.load(ended.checkpoint).progress.iteration == 6
    assert iterations(tmp_path) == [1, 2, 3, 4, 5, 6]


@pytest.mark.usefixtures("ray_running")
def test_who_stops_a_run_that_has_just_lost_something_gets_what_was_saved(saving: Plan, tmp_path: Path) -> None:
    def stop_and_lose(point: Point) -> None:
        if point["iteration"] == 3:
            signal.raise_signal(signal.SIGINT)
            raise ray.exceptions.ActorDiedError

    ended = session.train(saving, tmp_path, Heard(stop_and_lose))
    assert ended == session.Ended(tmp_path / "checkpoints" / "000002", True)


@pytest.mark.usefixtures("ray_running")
def test_losses_that_are_no_numbers_are_explained(saving: Plan, tmp_path: Path) -> None:
    failing = Failing(FloatingPointError("the losses of walker are no longer finite"), {2: 1})
    with pytest.raises(UserError, match=r"no longer finite; go on from the last checkpoint .* --resume .* --train lr=0.002"):
        session.train(saving, tmp_path, Heard(failing))
    assert checkpoint.load(tmp_path).progress.iteration == 1


@pytest.mark.usefixtures("ray_running")
def test_there_is_something_to_go_back_to_from_the_beginning(plan: Plan, tmp_path: Path) -> None:
    lost = Failing(LearnerLost("1 of 1 learners died"), {1: 1})
    session.train(replace(plan, steps=640 * 2), tmp_path, Heard(lost))
    assert checkpoint.load(tmp_path / "checkpoints" / "000000").progress.iteration == 0
    assert iterations(tmp_path) == [1, 2]


@pytest.mark.usefixtures("ray_running")
def test_a_curve_that_cannot_be_written_costs_no_weights(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Board.add

    def add(board: Board, step: int, values: dict[str, float]) -> None:
        if step == 640 * 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        kept(board, step, values)

    monkeypatch.setattr(Board, "add", add)
    with pytest.raises(UserError, match=r"the learning curve of .* cannot be written \(No space left on device\): make room"):
        session.train(replace(plan, steps=640 * 6), tmp_path, Heard())
    monkeypatch.undo()
    found = checkpoint.load(tmp_path)
    assert found.progress.iteration == 3
    assert iterations(tmp_path) == [1, 2, 3]
    session.train(replace(plan, steps=640 * 6), tmp_path, Heard(), found)
    assert iterations(tmp_path) == [1, 2, 3, 4, 5, 6]


def test_it_waits_for_cpus_but_not_for_ever(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "AT_ONCE_S", 0.0)
    monkeypatch.setattr(recovery, "PATIENCE_S", 0.5)
    free = iter([1.0, 1.0, 1.0, 2.0, 2.0])
    monkeypatch.setattr(cpus, "free", lambda: next(free))
    losses, display, two = Losses(tmp_path), Heard(), replace(plan, runners=2)
    assert losses.after(RunnersLost("no runner delivered anything for 600 s"), None) is None
    losses.make_good(two, display, lambda: False)
    assert display.sentences == [
        "no runner delivered anything for 600 s: going on from iteration 0",
        "waiting for 2 free CPUs: there are 1",
    ]
    monkeypatch.setattr(cpus, "free", lambda: 1.0)
    losses.make_good(two, display, lambda: True)
    with pytest.raises(UserError, match="2 CPUs are wanted and 1 are left after 0 minutes: start more nodes, or go on with fewer runners"):
        losses.make_good(two, display, lambda: False)


def forget_to_answer(learner: Any) -> int:
    """From now on a learner's updates take for ever, as when it waits for another whose machine has lost its power."""
    type(learner).update = lambda *_, **__: time.sleep(1000.0)
    return os.getpid()


@pytest.mark.usefixtures("ray_running")
def test_a_learner_is_missed_while_another_waits_for_it(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppo, "ANSWER_S", 1.0)
    algorithm = engine.config_for(replace(plan, learners=2)).build_algo()
    learners = [result.get() for result in algorithm.learner_group.foreach_learner(forget_to_answer)]
    dies = threading.Timer(3.0, os.kill, (learners[1], signal.SIGKILL))
    dies.start()
    began = time.monotonic()
    with pytest.raises(LearnerLost, match="1 of 2 learners died"):
        algorithm.train()
    engine.abandon(algorithm)
    assert time.monotonic() - began < 60
    assert ended(learners, seconds=20)


@pytest.mark.usefixtures("ray_running")
def test_processes_that_do_not_answer_are_ended_all_the_same(plan: Plan) -> None:
    algorithm = engine.config_for(replace(plan, runners=1, learners=1)).build_algo()
    learners = [result.get() for result in algorithm.learner_group.foreach_learner(lambda learner: os.getpid())]
    runners = algorithm.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    for pid in learners + runners:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    engine.abandon(algorithm)
    assert time.monotonic() - began < 20
    assert ended(learners + runners, seconds=20)


def ended(pids: list[int], seconds: float) -> bool:
    """Whether processes end within some seconds."""
    deadline = time.monotonic() + seconds
    while (alive := any(map(is_alive, pids))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not alive


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
