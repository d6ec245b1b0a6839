"""The algorithm learns what is easy, alone and with several roles, and the same again from the same seed."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from avatarium.agents.networks.actor_critic import Architecture
from avatarium.training.algorithms.ppo import BatchedPPO, BatchedPPOConfig, role_of
from avatarium.training.learn import learner
from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.worlds import UserError


def trained(plan: Plan, iterations: int) -> tuple[BatchedPPO, list[dict[str, Any]]]:
    algorithm = engine.config_for(plan).build_algo()
    results = [algorithm.train() for _ in range(iterations)]
    algorithm.stop()
    return algorithm, results


@pytest.mark.parametrize(
    ("settings", "ahead"),
    [({}, False), ({}, True), ({"control": "continuous"}, True), ({"callers": 2}, True), ({"leaving": True}, False)],
    ids=["discrete", "ahead", "continuous", "two roles", "leaving"],
)
def test_an_easy_world_is_learnt(ray_running: None, plan: Plan, settings: dict[str, Any], ahead: bool) -> None:
    """The best return of an episode is 1; random play, and a policy that does not learn, has 0."""
    plan = replace(plan, settings=settings, hyperparameters=replace(plan.hyperparameters, ahead=ahead, epochs=4))
    _, results = trained(plan, 30)
    assert results[-1]["env_runners"]["episode_return_mean"] > 0.8
    if "callers" in settings:
        assert min(results[-1]["env_runners"]["module_episode_returns_mean"].values()) > 0.8


@pytest.fixture
def many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minibatches are cut into parts for the threads."""
    monkeypatch.setattr(learner, "ROWS_AT_ONCE", 32)


def test_the_same_seed_gives_the_same_weights_with_any_number_of_threads(ray_running: None, many_parts: None, plan: Plan) -> None:
    threads = (replace(plan, hyperparameters=replace(plan.hyperparameters, learner_threads=count)) for count in (1, 3))
    one, two = (engine.learner_state(trained(plan, 3)[0])["rl_module"]["walker"] for plan in threads)
    other = engine.learner_state(trained(replace(plan, seed=1), 3)[0])["rl_module"]["walker"]
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert not all(np.array_equal(one[name], other[name]) for name in one)


def test_every_decision_is_counted_once(ray_running: None, plan: Plan) -> None:
    _, results = trained(replace(plan, settings={"callers": 1}), 3)
    for k, result in enumerate(results, 1):
        played = result["env_runners"]
        assert played["num_env_steps_sampled"] == 16 * 20
        assert played["num_env_steps_sampled_lifetime"] == 16 * 20 * k
        assert dict(played["num_module_steps_sampled"]) == {"walker": 16 * 20 * 2, "caller": 16 * 20}
        assert result["learners"]["walker"]["num_module_steps_trained"] == 16 * 20 * 2 * 2  # epochs


def test_there_is_no_folder_for_rllib_and_no_thread_is_left(ray_running: None, plan: Plan) -> None:
    before = set(threading.enumerate())
    algorithm, _ = trained(replace(plan, hyperparameters=replace(plan.hyperparameters, ahead=True)), 1)
    assert algorithm.logdir is None
    assert not [t for t in set(threading.enumerate()) - before if t.name.startswith(("sampler", "learner"))]


def test_agents_belong_to_the_module_of_their_role() -> None:
    assert role_of("walker_12") == "walker"
    assert role_of("tall_walker_0", None, worker=1) == "tall_walker"


def test_what_the_batched_path_does_not_do_is_refused() -> None:
    config = BatchedPPOConfig().world("lanes:WORLD")
    with pytest.raises(UserError, match="1 environments cannot be shared out evenly over 2 learners"):
        config.copy().learners(num_learners=2).validate()
    with pytest.raises(UserError, match="3 runners cannot be shared out evenly over 2 learners"):
        config.copy().env_runners(num_env_runners=3).learners(num_learners=2).validate()
    recurrent = config.copy().network(Architecture("gru"), sequence=16)
    recurrent.env_runners(rollout_fragment_length=32).validate()
    with pytest.raises(UserError, match="rollout_fragment_length=40: choose a multiple of sequence=16"):
        recurrent.env_runners(rollout_fragment_length=40).validate()
    with pytest.raises(UserError, match="evaluation_interval"):
        config.copy().evaluation(evaluation_interval=1).validate()
    with pytest.raises(UserError, match="did you mean 'walkers'"):
        BatchedPPOConfig().world("lanes:WORLD", walker=3)
