"""Several learners learn what one would; a batch that is lost on the way is replaced; a learner that dies is missed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import ray
from ray.rllib.core.learner.training_data import TrainingData

from avatarium.training.algorithms.ppo import BatchedPPO, LearnerLost
from avatarium.training.play.rollout import RolloutBatch
from avatarium.training.play.samplers import shards
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters

EPOCHS, EVERYTHING = 3, 1 << 20


@pytest.fixture(scope="module")
def rich(ray_running: None) -> Plan:
    """Two roles, of whom many leave, with memory, curiosity and a central critic: whatever there is to sum up."""
    hyperparameters = Hyperparameters(
        envs=16, fragment=20, sequence=10, epochs=2, minibatch=EVERYTHING, lr=3e-3, hidden=16, units=12, learner_threads=1, ahead=False,
        network="gru", algorithm="mappo", curiosity="rnd+counts",
    )  # fmt: skip
    settings = {"walkers": 3, "leaving": True, "pace": 0.5, "callers": 1, "late": 3}
    return Plan("lanes:WORLD", settings, hyperparameters)


@pytest.fixture(scope="module")
def alone(rich: Plan) -> Iterator[BatchedPPO]:
    """One learner, and all that is played, in this process."""
    algorithm = engine.config_for(rich).build_algo()
    yield algorithm
    algorithm.stop()


@pytest.fixture(scope="module")
def several(rich: Plan) -> Iterator[BatchedPPO]:
    """Two learners and two runners, each a process, that have no seed to make them begin alike."""
    config = engine.config_for(replace(rich, runners=2, learners=2))
    config.debugging(seed=None)
    algorithm = config.build_algo()
    yield algorithm
    algorithm.stop()


def states(algorithm: BatchedPPO) -> list[dict[str, Any]]:
    """What every learner of an algorithm knows."""
    found = algorithm.learner_group.foreach_learner(lambda learner: learner.get_state(components=["rl_module", "optimizer"]))
    return [result.get() for result in found]


def leaves(state: Any, where: str = "") -> dict[str, np.ndarray]:
    if not isinstance(state, dict):
        return {where: np.asarray(state)}
    return {name: array for key, value in state.items() for name, array in leaves(value, f"{where}/{key}").items()}


def assert_alike(one: dict[str, Any], two: dict[str, Any], atol: float) -> None:
    """Weights, statistics, bonuses and the memory of their optimisers are the same."""
    for part in (lambda s: s["rl_module"], lambda s: {name: o["state"]["state"] for name, o in s["optimizer"].items()}):
        mine, other = leaves(part(one)), leaves(part(two))
        assert mine.keys() == other.keys()
        for name in mine:
            np.testing.assert_allclose(mine[name].astype(float), other[name].astype(float), rtol=1e-3, atol=atol, err_msg=name)


def learn(algorithm: BatchedPPO, batches: list[RolloutBatch]) -> None:
    algorithm.learner_group.update(
        training_data=TrainingData(batches=batches), timesteps={}, num_epochs=EPOCHS, minibatch_size=EVERYTHING, lr_scale=1.0
    )


def test_two_learners_learn_what_one_would(alone: BatchedPPO, several: BatchedPPO) -> None:
    """From the same batches, of which one holds more decisions than the other: twice, so that the running statistics count too."""
    first, second = states(several)
    assert_alike(first, second, atol=0.0)  # whoever began with other weights takes those of the first
    alone.learner_group._learner.set_state({"rl_module": first["rl_module"]})
    for _ in range(2):
        batch = alone.env_runner_group.local_env_runner.sample()[0]
        parts = shards(batch, 2)
        present = [part.fragments["walker"].agent_steps for part in parts]
        assert present[0] != present[1]
        before = states(alone)[0]["rl_module"]
        learn(alone, [batch])
        learn(several, parts)
        first, second = states(several)
        assert_alike(first, second, atol=0.0)
        one = states(alone)[0]
        assert_alike(one, first, atol=1e-4)
        moved = [name for name, array in leaves(one["rl_module"]).items() if not np.allclose(array, leaves(before)[name], atol=1e-3)]
        assert len(moved) > 20  # there was something to learn


def test_learners_fetch_batches_themselves_and_lost_ones_are_replaced(several: BatchedPPO) -> None:
    """The runner that holds a batch dies before its learner has fetched it; every learner gets its share all the same."""
    several.train()
    several._sampler.request(several._acting_state())
    batches, _ = several._sampler.collect()
    assert all(isinstance(batch, ray.ObjectRef) for batch in batches)
    runner = several.env_runner_group._worker_manager.actors()[1]
    ray.kill(runner, no_restart=False)
    given = several._delivered(batches)
    assert [batch.fragments for batch in given] == [{}, {}]
    found = several.learner_group.foreach_learner(lambda learner: [batch.env_steps for batch in learner._received])
    assert [result.get() for result in found] == [[8 * 20], [8 * 20]]
    learn(several, given)
    assert_alike(*states(several), atol=0.0)
    several.train()  # nothing is left over, and nobody waits
    assert [r.get() for r in several.learner_group.foreach_learner(lambda learner: len(learner._received))] == [0, 0]


def test_a_learner_that_dies_is_missed(several: BatchedPPO) -> None:
    """The last of these tests: nobody can learn with them any more."""
    ray.kill(several.learner_group._workers[1])
    for _ in range(2):
        with pytest.raises(LearnerLost, match="1 of 2 learners died"):
            several.train()
