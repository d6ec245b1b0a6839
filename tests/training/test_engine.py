"""Ray comes and goes quietly; what native code writes is kept in a file."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from avatarium.training import engine
from avatarium.training.plan import Plan
from avatarium.training.workers import Workers


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


def test_a_batch_takes_about_as_many_bytes_as_estimated(ray_running: None, plan: Plan) -> None:
    plan = replace(plan, settings={"callers": 1})
    algorithm = engine.config_for(plan).build_algo()
    batch = algorithm.env_runner_group.local_env_runner.sample()[0]
    algorithm.stop()
    actual = sum(array.nbytes for fragment in batch.fragments.values() for array in vars(fragment).values())
    assert actual <= engine.batch_bytes(plan) < 3 * actual


def test_workers_keep_the_order_and_pass_faults_on() -> None:
    workers = Workers(3)
    assert workers.map(lambda x: x * x, range(50)) == [x * x for x in range(50)]
    with pytest.raises(ZeroDivisionError):
        workers.map(lambda x: 1 // x, [1, 0])
    workers.close()
    assert Workers(0).count >= 1
