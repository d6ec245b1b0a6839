"""Any world runs in stock RLlib: its conventions are kept, and its own PPO learns there."""

import logging
from typing import Any

import numpy as np
import pytest
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from avatarium.training.adapters.rllib import WorldEnv
from avatarium.training.algorithms.ppo import role_of
from avatarium.training.learn.modules import ActorCriticModule

RIGHT = np.array([2, 0])


def env(**settings: Any) -> WorldEnv:
    return WorldEnv({"name": "lanes:WORLD", "settings": settings})


def test_agents_are_those_of_the_world() -> None:
    lanes = env(callers=1)
    assert lanes.possible_agents == ["walker_0", "walker_1", "caller_0"]
    observations, infos = lanes.reset(seed=4)
    assert list(observations) == list(infos) == lanes.agents == lanes.possible_agents
    assert all(lanes.get_observation_space(agent).contains(seen) for agent, seen in observations.items())
    assert lanes.get_action_space("walker_0").nvec.tolist() == [3, 2]
    assert np.array_equal(observations["walker_1"], env(callers=1).reset(seed=4)[0]["walker_1"])


def test_an_episode_that_runs_out_of_time_is_truncated_as_a_whole() -> None:
    lanes = env(episode_steps=5)
    lanes.reset(seed=0)
    for t in range(5):
        observations, rewards, terminated, truncated, _ = lanes.step(dict.fromkeys(lanes.agents, RIGHT))
        assert terminated == {"walker_0": False, "walker_1": False, "__all__": False}
        assert truncated["__all__"] == (t == 4)
        assert set(observations) == set(rewards) == {"walker_0", "walker_1"}
    assert truncated == {"__all__": True}
    assert lanes.agents == []
    assert abs(float(observations["walker_0"][0])) == pytest.approx(0.5, abs=1e-6)  # the last observation, not that of a new episode
    lanes.reset()
    assert lanes.agents == ["walker_0", "walker_1"]


def test_who_arrives_is_terminated_and_no_longer_asked() -> None:
    lanes = env(leaving=True)
    lanes.reset(seed=1)
    sides = {agent: int(lanes.batch.observations["walker"][0, k, 1]) for k, agent in enumerate(lanes.agents)}
    for _ in range(10):
        acts = {agent: np.array([1 + sides[agent], 0]) if agent == "walker_0" else np.array([1, 0]) for agent in lanes.agents}
        observations, _, terminated, _, _ = lanes.step(acts)
    assert terminated == {"walker_0": True, "walker_1": False, "__all__": False}
    assert "walker_0" in observations
    assert lanes.agents == ["walker_1"]
    observations, *_ = lanes.step({"walker_1": np.array([1, 0])})
    assert list(observations) == ["walker_1"]


def test_infos_say_what_is_allowed() -> None:
    env = WorldEnv({"name": "masks", "settings": {}})
    _, infos = env.reset(seed=0)
    for _ in range(10):
        (agent,) = env.agents
        action = env.get_action_space(agent).sample(mask=infos[agent]["action_mask"])
        assert np.concatenate(infos[agent]["action_mask"]).tolist() == env.batch.allowed["operator"][0, 0].tolist()
        assert all(mask[choice] for mask, choice in zip(infos[agent]["action_mask"], action, strict=True))
        *_, infos = env.step({agent: action})


def test_stock_ppo_learns_with_our_network(ray_running: None) -> None:
    spec = RLModuleSpec(module_class=ActorCriticModule, model_config={"hidden": (16,)})
    config = PPOConfig().environment(WorldEnv, env_config={"name": "lanes:WORLD", "settings": {}}, disable_env_checking=True)
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=8, rollout_fragment_length=20).debugging(log_level="ERROR")
    config.multi_agent(policies={"walker"}, policy_mapping_fn=role_of).rl_module(rl_module_spec=spec)
    config.training(train_batch_size_per_learner=160, minibatch_size=160, num_epochs=4, lr=0.01, gamma=0.99, use_kl_loss=False)
    logging.getLogger("ray.rllib").setLevel(logging.ERROR)
    algorithm = config.build_algo()
    try:
        returns = [algorithm.train()["env_runners"]["episode_return_mean"] for _ in range(12)]
    finally:
        algorithm.stop()
    assert returns[-1] > returns[0] + 0.3  # summed over both agents; the best there is is 2
