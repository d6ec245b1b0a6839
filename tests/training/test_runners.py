"""Remote runners: full batches from one and from two, also when one of them is killed."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import ray

from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan


def weights(state: dict[str, Any]) -> dict[str, np.ndarray]:
    return {
        name: np.asarray(array) for name, array in state["rl_module"]["walker"].items() if "critic" not in name and "returns" not in name
    }


def decisions(result: dict[str, Any]) -> int:
    return int(result["env_runners"]["num_module_steps_sampled"]["walker"])


@pytest.mark.parametrize("runners", [1, 2])
def test_batches_are_full_and_weights_arrive(ray_running: None, plan: Plan, runners: int) -> None:
    algorithm = engine.config_for(replace(plan, runners=runners)).build_algo()
    try:
        results = [algorithm.train() for _ in range(3)]
        assert [decisions(result) for result in results] == [16 * 20 * 2] * 3
        before = weights(engine.learner_state(algorithm))
        algorithm.train()  # not ahead: this batch was played with the weights of before
        states = algorithm.env_runner_group.foreach_env_runner(lambda runner: runner.get_state(), local_env_runner=False)
        assert len(states) == runners
        for state in states:
            assert all(np.array_equal(array, before[name]) for name, array in weights(state).items())
    finally:
        algorithm.stop()


def test_training_goes_on_when_a_runner_is_killed(ray_running: None, plan: Plan) -> None:
    hyperparameters = replace(plan.hyperparameters, ahead=True)
    algorithm: BatchedPPO = engine.config_for(replace(plan, runners=2, hyperparameters=hyperparameters)).build_algo()
    try:
        algorithm.train()
        ray.kill(algorithm.env_runner_group._worker_manager.actors()[1], no_restart=False)
        deadline, healthy = time.monotonic() + 90, []
        while time.monotonic() < deadline and (not healthy or min(healthy) == 2 or healthy[-1] < 2):
            result = algorithm.train()
            assert decisions(result) == 16 * 20 * 2
            healthy.append(result["fault_tolerance"]["num_healthy_workers"])
        assert min(healthy) == 1  # it was missed
        assert healthy[-1] == 2  # and is back
        algorithm.train()
        algorithm.train()
        mine = weights(engine.learner_state(algorithm))
        for state in algorithm.env_runner_group.foreach_env_runner(lambda runner: runner.get_state(), local_env_runner=False):
            assert state["weights_seq_no"] >= algorithm.learner_group.get_state()["learner"]["weights_seq_no"] - 2
            assert set(weights(state)) == set(mine)
    finally:
        algorithm.stop()
