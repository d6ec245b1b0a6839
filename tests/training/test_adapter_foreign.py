"""Environments of others behave like a batch of ours: roles, resets, endings, masks, seeds."""

from typing import Any

import numpy as np
import pytest
from mpe2 import simple_spread_v3

from avatarium import worlds
from avatarium.training.adapters.foreign import ForeignBatch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.episodes import origins
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.rng import mix

SPREAD = "mpe2.simple_spread_v3:parallel_env"
HIVE = "strangers:Hive"


def seed_of(seed: int, env: int, episode: int, num_envs: int) -> int:
    """What environment ``env`` is reset with for its ``episode``, counted from 1."""
    return int(mix(origins(seed, num_envs)[env], np.uint64(episode))) >> 33


def hive_actions(batch: ForeignBatch, worker: int = 0) -> dict[str, np.ndarray]:
    return {
        "worker": np.full((batch.num_envs, 3, 1), worker, np.int32),
        "queen": np.tile(np.array([1, 2], np.int32), (batch.num_envs, 1, 1)),
    }


def test_simple_spread_is_what_it_is_by_hand() -> None:
    batch = ForeignBatch(SPREAD, num_envs=2, N=2, max_cycles=4)
    assert (batch.spec.name, batch.spec.version, batch.spec.address) == ("simple_spread", 3, SPREAD)
    env = simple_spread_v3.parallel_env(N=2, max_cycles=4)
    rng = np.random.default_rng(0)
    observations = batch.reset(5)["agent"]
    for episode in (1, 2, 3):
        seen, _ = env.reset(seed=seed_of(5, 1, episode, 2))
        for t in range(4):
            assert np.array_equal(observations[1], [seen["agent_0"], seen["agent_1"]])
            assert batch.clock.tolist() == [t, t]
            acts = random_actions(batch, rng)  # type: ignore[arg-type]
            step = batch.step(acts)
            seen, rewards, *_ = env.step({f"agent_{a}": int(acts["agent"][1, a, 0]) for a in range(2)})
            assert step.reward["agent"][1] == pytest.approx(list(rewards.values()))
            assert step.truncation["agent"].all() == batch.ended.all() == (t == 3)
            assert not step.termination["agent"].any()
        assert np.array_equal(step.final_observation["agent"][1], [seen["agent_0"], seen["agent_1"]])
    batch.close()


def test_agents_with_unlike_spaces_are_roles_of_their_own() -> None:
    batch = ForeignBatch("mpe2.simple_speaker_listener_v4:parallel_env", num_envs=3, continuous_actions=True, central=True)
    assert [(role.name, role.count, role.observation_size) for role in batch.roles.values()] == [("speaker", 1, 3), ("listener", 1, 11)]
    assert [len(role.continuous) for role in batch.roles.values()] == [3, 5]
    batch.reset(0)
    for _ in range(3):
        batch.step(random_actions(batch, np.random.default_rng(0)))  # type: ignore[arg-type]
    both = np.concatenate([batch.observations["speaker"][:, 0], batch.observations["listener"][:, 0]], axis=1)
    assert np.allclose(batch.central, both)


def test_who_comes_and_goes_is_present_while_there() -> None:
    batch = ForeignBatch(HIVE, num_envs=2, central=True)
    assert {name: (role.count, role.observation_size) for name, role in batch.roles.items()} == {"worker": (3, 6), "queen": (1, 10)}
    batch.reset(3)
    present = [[True, True, False]]
    for t in range(1, 7):
        step = batch.step(hive_actions(batch))
        present.append(batch.present["worker"][0].tolist())
        assert step.termination["worker"].tolist() == [[False, t == 2, False]] * 2
        assert step.truncation["worker"].tolist() == [[t == 6, False, t == 6]] * 2
        assert batch.ended.tolist() == [t == 6] * 2
        assert step.reward["worker"][0].tolist() == [1.0, 1.0 if t <= 2 else 0.0, 1.0 if t > 3 else 0.0]
        if t == 2:
            assert step.final_observation["worker"][0, 1, 1:].tolist() == [2.0] * 5
            assert not batch.observations["worker"][0, 1].any()
            assert batch.final_central[0].tolist() == batch.central[0].tolist() == [2.0, batch.observations["worker"][0, 0, 0]]
    assert present == [[True, True, False]] * 2 + [[True, False, False]] + [[True, False, True]] * 3 + [[True, True, False]]
    assert step.final_observation["worker"][0, 2, 1:].tolist() == [6.0] * 5
    assert batch.observations["worker"][0, 0, 1:].tolist() == [0.0] * 5
    assert batch.final_central[:, 0].tolist() == [6.0, 6.0]
    assert batch.central[:, 0].tolist() == batch.clock.tolist() == [0, 0]
    assert batch.central[0, 1] != batch.final_central[0, 1]


def test_masks_come_from_infos_and_from_observations() -> None:
    batch = ForeignBatch(HIVE)
    batch.reset(0)
    for t in range(3):
        assert batch.allowed["worker"][0, 0].tolist() == [True, t >= 1, t >= 2]
        assert batch.allowed["queen"][0, 0].tolist() == [False, True, True, False, True]
        assert batch.observations["queen"][0, 0].tolist() == [float(day == t) for day in range(8)] + [t, t]
        batch.step(hive_actions(batch))
    assert ForeignBatch(SPREAD).allowed["agent"].shape == (1, 3, 0)


def test_controls_are_stretched_to_the_bounds() -> None:
    batch = ForeignBatch("strangers:Glider")
    batch.reset(0)
    assert batch.action_spaces["agent"].shape == (2,)
    for given, wanted in ([-1, -1], [-2, 0]), ([0.5, 0.5], [1, 6]), ([3, 1], [2, 8]):
        batch.step({"agent": np.array([[given]], np.float32)})
        assert batch.observations["agent"][0, 0].tolist() == wanted


def test_the_same_seed_gives_the_same_course() -> None:
    def course(seed: Any) -> np.ndarray:
        batch = ForeignBatch(HIVE, num_envs=2)
        batch.reset(seed)
        seen = []
        for _ in range(13):
            batch.step(hive_actions(batch))
            seen.append(batch.observations["worker"].copy())
        return np.array(seen)

    assert np.array_equal(course(1), course(1))
    assert not np.array_equal(course(1), course(2))
    assert np.array_equal(course([8, 9])[:, 1], course([7, 9])[:, 1])
    draws = course(1)[:, :, 0, 0]
    assert len(np.unique(draws)) == 6  # two environments, three episodes


def test_without_autoreset_an_environment_stands_still() -> None:
    batch = ForeignBatch(HIVE, num_envs=1, autoreset=False, last=2)
    batch.reset(0)
    batch.step(hive_actions(batch))
    batch.step(hive_actions(batch))
    assert batch.ended.all() and not batch.present["worker"].any()
    step = batch.step(hive_actions(batch))
    assert batch.clock.tolist() == [2]
    assert not step.reward["worker"].any() and not step.truncation["worker"].any()


def test_our_own_world_through_pettingzoo_is_the_batch_of_it() -> None:
    settings = {"leaving": True, "callers": 1, "episode_steps": 12}
    foreign = ForeignBatch("avatarium.worlds:make", num_envs=2, name="lanes:WORLD", **settings)
    ours = worlds.make_batch("lanes:WORLD", autoreset=False, **settings)
    foreign.reset(4)
    rng = np.random.default_rng(1)
    for episode in (1, 2):
        ours.reset(seed_of(4, 0, episode, 2))
        while not ours.ended[0]:
            for name, here in ours.present.items():
                assert np.array_equal(foreign.present[name][:1], here)
                assert np.array_equal(foreign.observations[name][:1][here], ours.observations[name][here])
            acts = random_actions(foreign, rng)  # type: ignore[arg-type]
            acts["walker"][:, 0, 0] = 2 * (ours.observations["walker"][0, 0, 1] > 0)  # it arrives, and leaves
            theirs, mine = foreign.step(acts), ours.step({name: rows[:1] for name, rows in acts.items()})
            for name in ours.roles:
                flags = mine.termination[name], mine.truncation[name]
                assert np.array_equal(theirs.termination[name][:1], flags[0]) and np.array_equal(theirs.truncation[name][:1], flags[1])
                assert np.array_equal(theirs.reward[name][:1], mine.reward[name])
                cut = flags[1]
                assert np.array_equal(theirs.final_observation[name][:1][cut], mine.final_observation[name][cut])


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("nowhere.at_all:parallel_env", "no module 'nowhere'"),
        ("strangers:Nothing", "no 'Nothing'"),
        ("strangers", "package.module:attribute"),
        ("strangers:Turns", "act in turn"),
        ("strangers:Boundless", "bounded"),
        ("strangers:Wordy", "no fixed size"),
        ("builtins:object", "no PettingZoo environment"),
    ],
)
def test_what_cannot_be_played_is_refused(address: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        ForeignBatch(address)


def test_mistaken_actions_are_refused() -> None:
    batch = ForeignBatch(HIVE)
    with pytest.raises(UserError, match="reset"):
        batch.step(hive_actions(batch))
    batch.reset(0)
    with pytest.raises(UserError, match="missing"):
        batch.step({"worker": np.zeros((1, 3, 1), np.int32)})
    with pytest.raises(UserError, match="does not exist"):
        batch.step(hive_actions(batch, worker=3))
    wrong = hive_actions(batch)
    wrong["worker"][0, 2] = 9  # nobody is there
    batch.step(wrong)
    assert all(np.array_equal(batch.actions[name], rows) for name, rows in wrong.items())
