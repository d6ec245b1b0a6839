"""Any world runs in Stable-Baselines3: its conventions are kept, and its own PPO learns there."""

import importlib
import sys
from typing import Any

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecEnv

from avatarium import worlds
from avatarium.training.adapters.sb3 import WorldVecEnv, vec_env
from avatarium.worlds.core.errors import UserError


def lanes(num_envs: int = 2, **settings: Any) -> WorldVecEnv:
    return vec_env("lanes:WORLD", num_envs, **settings)


def towards(seen: np.ndarray) -> np.ndarray:
    """Walk to the side that is named."""
    return np.stack([np.where(seen[:, 1] > 0, 2, 0), np.zeros(len(seen))], axis=1).astype(np.int64)


def test_rows_are_the_avatars_of_all_environments() -> None:
    env = lanes(num_envs=3)
    assert isinstance(env, VecEnv)
    assert (env.num_envs, env.observation_space.shape, env.action_space.nvec.tolist()) == (6, (3,), [3, 2])
    batch = worlds.make_batch("lanes:WORLD", num_envs=3)
    seeds = env.seed(5)
    seen = env.reset()
    assert np.array_equal(seen, batch.reset(seeds[::2])["walker"].reshape(6, 3))
    for t in range(45):
        kept = seen.copy()
        actions = np.random.default_rng(t).integers(0, [3, 2], (6, 2))
        step = batch.step({"walker": actions.reshape(3, 2, 2)})
        after, rewards, dones, infos = env.step(actions)
        assert np.array_equal(seen, kept)  # what was handed out stays as it was
        assert np.array_equal(after, step.observation["walker"].reshape(6, 3))
        assert np.array_equal(rewards, step.reward["walker"].ravel())
        assert dones.all() == dones.any() == ((t + 1) % 20 == 0)
        if dones.any():
            assert np.array_equal([info["terminal_observation"] for info in infos], step.final_observation["walker"].reshape(6, 3))
            assert all(info["TimeLimit.truncated"] and info["episode"]["l"] == 20 for info in infos)
        seen = after


def test_the_row_of_one_who_has_left_is_worth_nothing() -> None:
    env = lanes(num_envs=1, leaving=True, walkers=2)
    seen = env.reset()
    left, told = False, []
    for _ in range(20):
        actions = towards(seen)
        actions[1] = [1, 0]  # stands still
        seen, rewards, dones, infos = env.step(actions)
        told += [(row, info["episode"]["l"], info["TimeLimit.truncated"]) for row, info in enumerate(infos) if "episode" in info]
        if left and not dones[1]:
            assert dones[0] and rewards[0] == 0 and not seen[0].any() and infos[0] == {}
        left |= bool(dones[0])
    assert told == [(0, 10, False), (1, 20, True)]
    assert dones.all() and seen[0, 2] == 1  # the next episode has begun, with everybody in it


def test_seeds_are_kept_and_otherwise_fresh() -> None:
    env = lanes(num_envs=8, walkers=4)
    env.seed(1)
    first = env.reset()
    env.seed(1)
    assert np.array_equal(env.reset(), first)
    assert not np.array_equal(env.reset(), first)


def test_one_role_learns_beside_others() -> None:
    with pytest.raises(UserError, match="walker, caller"):
        lanes(callers=1)
    with pytest.raises(UserError, match="nobody plays walker"):
        lanes(callers=1, role="caller")
    env = lanes(num_envs=2, callers=1, role="caller", others={"walker": towards})
    assert (env.num_envs, env.action_space.n) == (2, 3)
    env.reset()
    for _ in range(5):
        env.step(np.array([0, 2]))
    walkers = env.batch.observations["walker"]
    assert walkers[..., 0] == pytest.approx(0.5 * walkers[..., 1])
    assert env.batch.observations["caller"][:, 0, 0] == pytest.approx([-0.5, 0.5])


def test_masks_are_told_the_way_maskable_learners_ask() -> None:
    env = vec_env("masks", num_envs=3)
    env.reset()
    told = np.stack(env.env_method("action_masks"))
    role = env.batch.roles[env.role]
    assert env.has_attr("action_masks") and told.shape == (env.num_envs, role.mask_size)
    assert np.array_equal(told.reshape(3, role.count, -1), env.batch.allowed[env.role])
    assert not lanes().has_attr("action_masks")


def test_stock_ppo_learns() -> None:
    env = lanes(num_envs=16)
    model = PPO("MlpPolicy", env, n_steps=20, batch_size=320, n_epochs=4, learning_rate=0.01, seed=0)
    model.learn(10_000)
    mean, _ = evaluate_policy(model, lanes(num_envs=8), n_eval_episodes=32)
    assert mean > 0.6  # the best there is is 1, chance is about 0
    assert model.ep_info_buffer[-1]["l"] == 20


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("stable_baselines3", "avatarium.training.adapters.sb3"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(UserError, match=r"pip install 'avatarium\[adapters\]'"):
        importlib.import_module("avatarium.training.adapters.sb3")
