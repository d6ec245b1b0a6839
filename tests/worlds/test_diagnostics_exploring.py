"""Keydoor and noisy_screen: what is found, what is seen, what distracts."""

from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core.chance import random_actions


def explored(name: str, by_oracle: bool, num_envs: int = 64, **config: Any) -> dict[str, np.ndarray]:
    """How often everything happened in one episode of each environment, by kind of event: SUM [N]."""
    batch, rng = worlds.make_batch(name, num_envs=num_envs, autoreset=False, **config), np.random.default_rng(0)
    (role,) = batch.roles
    batch.reset(3)
    assert batch.spec.oracle is not None
    while not batch.ended.all():
        actions = random_actions(batch, rng)
        if by_oracle:
            rows = np.divmod(np.arange(num_envs * batch.num_agents[role]), batch.num_agents[role])
            actions[role] = batch.spec.oracle(batch, role, *rows).reshape(actions[role].shape)
        batch.step(actions)
    return {event.name: batch.events.tally[:, k] for k, event in enumerate(batch.spec.events)}


@pytest.mark.parametrize("config", [{}, {"keys": 3, "rooms": 6, "avatars": 2}, {"split": "held-out", "levels": 1000}])
def test_the_way_to_the_goal_of_keydoor_leads_past_the_keys(config: dict[str, Any]) -> None:
    found = explored("keydoor", True, **config)
    seekers, keys = config.get("avatars", 1), config.get("keys", 1)
    assert (found["arrival"]["count"] == seekers).all() and (found["failure"]["count"] == 0).all()
    assert (found["opened"]["count"] == keys * seekers).all()


def test_chance_hardly_ever_solves_keydoor() -> None:
    found = explored("keydoor", False, num_envs=1024)
    assert found["arrival"]["count"].mean() < 0.02
    assert found["found"]["count"].mean() > 0.2, "the key has to be within reach, or there is nothing to learn from"


def test_levels_of_keydoor_are_as_many_as_asked_and_unlike_between_splits() -> None:
    levels = {}
    for split in ("train", "held-out"):
        batch = worlds.make_batch("keydoor", num_envs=512, levels=16, split=split)
        batch.reset(0)
        levels[split] = {cells.tobytes() + goal.tobytes() for cells, goal in zip(batch.state.solid, batch.state.goal, strict=True)}
        assert 14 <= len(levels[split]) <= 16
    assert not levels["train"] & levels["held-out"]


def test_a_door_of_keydoor_opens_for_the_key_alone_and_pays_nothing() -> None:
    batch = worlds.make_batch("keydoor", num_envs=32, autoreset=False)
    batch.reset(0)
    state = batch.state
    door, me = state.doors[:, -1].astype(int), state.avatars[:, 0]
    sides = np.stack([door[:, 0] - [[1], [-1], [0], [0]], door[:, 1] - [[0], [0], [1], [-1]]], axis=-1)  # west, east, south, north of it
    free = np.stack([state.solid[np.arange(32), side[:, 1], side[:, 0]] == 0 for side in sides])
    side = free.argmax(axis=0)
    me["x"], me["y"] = sides[side, np.arange(32)].T
    me["keys"], state.goal[:] = np.arange(32) % 2, 0
    moves = np.array([1, 3, 2, 4])[side][:, None, None].astype(np.int32)
    reward = batch.step({"seeker": moves}).reward["seeker"]
    through = (me["x"] == door[:, 0]) & (me["y"] == door[:, 1])
    assert np.array_equal(through, np.arange(32) % 2 == 1) and not reward.any()


def test_who_reached_the_goal_of_keydoor_leaves_and_the_others_go_on() -> None:
    batch = worlds.make_batch("keydoor", num_envs=1, avatars=2, autoreset=False)
    batch.reset(0)
    goal, me = batch.state.goal[0], batch.state.avatars[0, 0]
    free = [k for k, (dx, dy) in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1)]) if batch.state.solid[0, goal[1] - dy, goal[0] - dx] == 0]
    dx, dy = [(1, 0), (0, 1), (-1, 0), (0, -1)][free[0]]
    me["x"], me["y"] = goal[0] - dx, goal[1] - dy
    step = batch.step({"seeker": np.array([[[free[0] + 1], [0]]], np.int32)})
    assert step.reward["seeker"].tolist() == [[1, 0]] and step.termination["seeker"].tolist() == [[True, False]]
    assert batch.present["seeker"].tolist() == [[False, True]] and not batch.ended[0]
    step = batch.step({"seeker": np.zeros((1, 2, 1), np.int32)})
    assert not step.termination["seeker"].any() and not step.reward["seeker"].any()


def test_a_noisy_screen_can_be_left_alone_and_everything_explored() -> None:
    best, chance = explored("noisy_screen", True), explored("noisy_screen", False)
    assert best["visited"]["value"].mean() > 0.95 and best["visited"]["value"].max() < 1.0001
    assert chance["visited"]["value"].mean() < 0.3
    assert best["watched"]["count"].mean() < 30


def test_time_near_the_screen_is_counted_alike_where_there_is_none() -> None:
    """Who draws moves at random takes no notice of the screen, so that both have the same chance paths."""
    with_screen, without = (explored("noisy_screen", False, screen=screen)["watched"]["count"] for screen in (True, False))
    assert with_screen.any() and np.array_equal(with_screen, without)


def pictures(steps: int, move: int, **config: Any) -> tuple[np.ndarray, worlds.Batch]:
    """What somebody sees who stands before the screen and does one thing all the time: float32 [T, N, PICTURE]."""
    batch = worlds.make_batch("noisy_screen", num_envs=16, **config)
    batch.reset(0)
    batch.state.avatars[:, 0] = batch.state.screen
    rows = [batch.step({"explorer": np.full((16, 1, 1), move, np.int32)}).observation["explorer"].copy() for _ in range(steps)]
    return np.stack(rows)[:, :, 0, batch.roles["explorer"].slices()["picture"]], batch


def test_the_picture_is_new_in_every_step_and_cannot_be_foreseen() -> None:
    seen, _ = pictures(50, move=0)
    assert (seen[1:] != seen[:-1]).all()
    flat = seen.reshape(50, -1)
    assert abs(np.corrcoef(flat[1:].ravel(), flat[:-1].ravel())[0, 1]) < 0.05


def test_with_a_remote_the_picture_changes_by_the_button_alone() -> None:
    still, batch = pictures(5, move=0, remote=True)
    pressed, _ = pictures(5, move=5, remote=True)
    assert (still[1:] == still[0]).all() and still.any() and (pressed[1:] != pressed[:-1]).all()
    assert batch.roles["explorer"].heads[0].choices[5] == "press"


def test_the_picture_is_seen_near_the_screen_alone() -> None:
    batch, rng = worlds.make_batch("noisy_screen", num_envs=64), np.random.default_rng(0)
    batch.reset(0)
    where = batch.roles["explorer"].slices()["picture"]
    for _ in range(150):
        batch.step(random_actions(batch, rng))
        away = np.abs(batch.state.avatars[:, 0] - batch.state.screen).max(axis=1)
        assert np.array_equal(batch.observations["explorer"][:, 0, where].any(axis=-1), away <= 1)


def test_all_but_the_screen_is_the_same_in_every_episode() -> None:
    batch, rng = worlds.make_batch("noisy_screen", num_envs=64, episode_steps=20), np.random.default_rng(0)
    batch.reset(0)
    where, views = batch.roles["explorer"].slices()["picture"], dict[int, bytes]()
    assert batch.spec.places is not None
    for _ in range(100):
        batch.step(random_actions(batch, rng))
        places = batch.spec.places(batch.state, batch.config, "explorer").ravel()
        for place, row in zip(places, batch.observations["explorer"][:, 0], strict=True):
            view = np.delete(row, np.arange(where.start, where.stop)).tobytes()
            assert views.setdefault(int(place), view) == view
    assert len(views) > 30
