"""A small world outside the package, one thread, and Ray where it is needed."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
import torch

from avatarium.training.plan import Plan
from avatarium.training.recipe import Hyperparameters

OUTSIDE = Path(__file__).parent / "outside"
LANES = "lanes:WORLD"
SMALL = Hyperparameters(
    envs=16, fragment=20, epochs=2, minibatch=160, lr=5e-3, hidden=16, minutes=0.05, checkpoint_minutes=10.0, learner_threads=1, ahead=False
)


@pytest.fixture(scope="session", autouse=True)
def outside() -> Iterator[None]:
    """The world ``lanes:WORLD`` can be imported, here, in subprocesses and in Ray's workers; torch uses one thread."""
    torch.set_num_threads(1)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(OUTSIDE), *([before] if before else [])])
    sys.path.insert(0, str(OUTSIDE))
    yield
    sys.path.remove(str(OUTSIDE))
    os.environ["PYTHONPATH"] = before or ""


@pytest.fixture(scope="session")
def ray_running(outside: None) -> Iterator[None]:
    """Ray with two CPUs."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR, object_store_memory=1 << 27)
    logging.getLogger("ray.rllib").setLevel(logging.ERROR)
    yield
    ray.shutdown()


@pytest.fixture
def plan() -> Plan:
    """A run in lanes that takes a second."""
    return Plan(LANES, {}, SMALL)
