"""Ray comes and goes quietly; what native code writes is kept in a file."""

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avatarium.training.play.env_runner import BatchedEnvRunner
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.training.threads import Workers


def test_native_errors_go_to_a_file_and_python_s_do_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    log = tmp_path / "ray.log"
    with engine.native_errors_to(log):
        os.write(2, b"from native code\n")
        print("from Python", file=sys.stderr)
    os.write(2, b"afterwards\n")
    assert log.read_text() == "from native code\n"
    assert capfd.readouterr().err == "from Python\nafterwards\n"


def test_an_empty_file_is_not_left(tmp_path: Path) -> None:
    with engine.native_errors_to(tmp_path / "ray.log"):
        pass
    assert not list(tmp_path.iterdir())


def test_ray_that_already_runs_is_left_alone(ray_running: None, plan: Plan, tmp_path: Path) -> None:
    import ray

    with engine.ray_for(plan, tmp_path / "ray.log"):
        assert ray.is_initialized()
    assert ray.is_initialized()


@pytest.mark.parametrize(
    ("world", "settings", "chosen"),
    [
        ("lanes:WORLD", {"callers": 1}, {}),
        ("lanes:WORLD", {"walkers": 8}, {"curiosity": "counts", "algorithm": "mappo"}),
        ("masks", {"operators": 4}, {}),
    ],
)
def test_a_batch_takes_about_as_many_bytes_as_estimated(
    ray_running: None, plan: Plan, world: str, settings: dict[str, Any], chosen: dict[str, Any]
) -> None:
    plan = replace(plan, world=world, settings=settings, hyperparameters=replace(plan.hyperparameters, **chosen))
    batch = BatchedEnvRunner(config=engine.config_for(plan), worker_index=0).sample()[0]
    assert batch.nbytes <= engine.batch_bytes(plan) < 3 * batch.nbytes


def test_a_gradient_step_takes_as_many_decisions_whatever_the_number_of_learners(ray_running: None, plan: Plan) -> None:
    each = [engine.config_for(replace(plan, learners=count)).minibatch_size for count in (0, 1, 2)]
    assert each == [160, 160, 80]


def test_workers_keep_the_order_and_pass_faults_on() -> None:
    workers = Workers(3)
    assert workers.map(lambda x: x * x, range(50)) == [x * x for x in range(50)]
    with pytest.raises(ZeroDivisionError):
        workers.map(lambda x: 1 // x, [1, 0])
    with pytest.raises(ZeroDivisionError):
        workers.map(lambda x: 1 // x, [0, 1])  # the caller works as well
    assert Workers(1).map(lambda _: threading.current_thread(), range(3)) == [threading.current_thread()] * 3
    workers.close()
    assert Workers(0).count >= 1
