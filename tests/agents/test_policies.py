"""Policies and their seats: what is drawn depends on seed, step and avatar alone; what cannot be had is said clearly."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.agents import Turn, load
from avatarium.agents.play import play
from avatarium.agents.policy import keys
from avatarium.worlds import UserError
from avatarium.worlds.core.transcript import Transcript


def turn(rows: int, seed: int = 0) -> Turn:
    """A turn without observations."""
    envs, avatars = np.zeros(rows, np.int64), np.arange(rows)
    drawn = keys(np.full(rows, seed, np.uint64), np.full(rows, 3), avatars)
    return Turn(np.zeros((rows, 150), np.float32), drawn, None, "walker", envs, avatars)


def test_random_actions_are_uniform_over_each_head() -> None:
    policy = load("random", "wayfinding", "walker")
    actions, _ = policy.step(turn(30000), ())
    for head, size in ((0, 5), (1, 3)):
        assert np.bincount(actions[:, head], minlength=size) / 30000 == pytest.approx(np.full(size, 1 / size), abs=0.015)
    assert abs(np.corrcoef(actions.T)[0, 1]) < 0.02


def test_random_controls_fill_their_range() -> None:
    policy = load("random", "wayfinding", "walker", control="continuous")
    actions, _ = policy.step(turn(10000), ())
    assert actions.shape == (10000, 3) and actions.dtype == np.float32
    assert -1 <= actions.min() < -0.99 and 0.99 < actions.max() <= 1 and abs(actions.mean()) < 0.02


def test_keys_differ_by_seed_step_and_avatar() -> None:
    seeds, steps, avatars = np.meshgrid(np.arange(20), np.arange(20), np.arange(20))
    drawn = keys(seeds.ravel().astype(np.uint64), steps.ravel(), avatars.ravel())
    assert len(set(drawn.tolist())) == 8000


def test_an_episode_does_not_depend_on_who_is_played_beside_it(tmp_path: Path) -> None:
    digests: list[str] = []
    for name, seeds in (("alone", [7]), ("among", [3, 7, 9])):
        paths = play("wayfinding", {"walker": load("random", "wayfinding", "walker")}, seeds, tmp_path / name, {"episode_steps": 60})
        digests.append(next(Transcript.open(p).digest for p in paths if p.stem.endswith("-7")))
    assert digests[0] == digests[1]


def test_a_policy_of_ones_own_is_named_by_its_factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mine", sys.modules[__name__])
    policy = load("mine:still", "wayfinding", "walker")
    path = play("wayfinding", {"walker": policy}, [1], tmp_path, {"episode_steps": 50})[0]
    assert not Transcript.open(path).data["actions.walker"].any()


def still(world: Any, role: str, config: Any) -> Any:
    """A policy that never moves."""

    class Still:
        name = "still"

        def initial_state(self, rows: int) -> tuple[np.ndarray, ...]:
            return ()

        def step(self, turn: Turn, state: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
            return np.zeros((len(turn.keys), 2), np.int32), state

    return Still()


@pytest.mark.parametrize(
    ("text", "role", "words"),
    [
        ("randm", "walker", "there is no policy 'randm'"),
        ("random", "runner", "has no role 'runner': its roles are walker"),
        ("no.such.module:make", "walker", "there is no module 'no'"),
        ("json:nothing", "walker", "has no 'nothing'"),
        ("missing.zip", "walker", "missing.zip"),
    ],
)
def test_what_cannot_be_had_is_said_clearly(text: str, role: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        load(text, "wayfinding", role)


def test_every_role_needs_a_policy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no policy was given for role walker"):
        play("wayfinding", {}, [1], tmp_path)
