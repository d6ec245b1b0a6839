"""Avatars are numbered role by role, a crowd after them; infos, metrics and events agree about who is who."""

from pathlib import Path

import numpy as np
import pytest

from avatarium import worlds
from avatarium.agents.play import play
from avatarium.agents.policy import Memory, Turn
from avatarium.leaderboards import metrics
from avatarium.worlds.core.spec import avatar_numbers
from avatarium.worlds.core.transcript import Transcript

TWO_ROLES = {"walkers": 3, "callers": 2}
"""Settings of a world in which each avatar is to go to its side, which nobody but itself sees."""


@pytest.fixture(autouse=True)
def lanes(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a world of two roles."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "training" / "outside")
    return "lanes:WORLD"


class Chosen:
    """Goes to its side where it is one of ``avatars``, and else stands."""

    name = "chosen"

    def __init__(self, *avatars: int) -> None:
        self._avatars = avatars

    def initial_state(self, rows: int) -> Memory:
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        moves = np.where(np.isin(turn.avatars, self._avatars), 1 + turn.observation[:, 1], 1)
        heads = 2 if turn.role == "walker" else 1
        return np.stack([moves, np.zeros_like(moves)], axis=1)[:, :heads].astype(np.int32), ()


def test_roles_follow_one_another(lanes: str) -> None:
    spec = worlds.spec(lanes)
    assert avatar_numbers(spec.roles(spec.config(**TWO_ROLES))) == {"walker": range(3), "caller": range(3, 5)}
    assert avatar_numbers(spec.roles(spec.config())) == {"walker": range(2)}
    assert avatar_numbers(()) == {}


def test_infos_name_the_avatar_that_did_it(lanes: str) -> None:
    env = worlds.make(lanes, infos=True, **TWO_ROLES)
    seen, _ = env.reset(seed=1)
    there = []
    while env.agents:
        move = {name: 1 + int(seen[name][1]) if name in ("walker_1", "caller_1") else 1 for name in env.agents}
        seen, _, _, _, infos = env.step({name: np.array([m, 0] if name.startswith("walker") else [m]) for name, m in move.items()})
        there += [(name, event["kind"]) for name, info in infos.items() for event in info["events"]]
    assert there == [("walker_1", "arrival"), ("caller_1", "arrival")]


def test_metrics_ask_about_the_avatar_that_did_it(lanes: str, tmp_path: Path) -> None:
    (path,) = play(lanes, {"walker": Chosen(0, 2), "caller": Chosen(1)}, [5], tmp_path, TWO_ROLES)
    told = Transcript.open(path)
    arrived = {
        role: [len(metrics.happened(told, "arrival", role, [a])) for a in range(count)] for role, count in told.header["roles"].items()
    }
    assert arrived == {"walker": [1, 0, 1], "caller": [0, 1]}
    assert {role: (rewards.sum(axis=0) > 0.9).astype(int).tolist() for role, rewards in told.rewards.items()} == arrived


def test_the_crowd_comes_after_the_roles(tmp_path: Path) -> None:
    config = {"walkers": 2, "crowd": 4, "rooms_low": 2, "rooms_high": 2, "episode_steps": 400}
    spec = worlds.spec("wayfinding")
    batch = worlds.make_batch("wayfinding", num_envs=4, **config)
    batch.reset(0)
    doers: dict[str, set[int]] = {kind.name: set() for kind in spec.events}
    for _ in range(400):
        batch.step({"walker": spec.heuristic("walker", batch.observations["walker"].reshape(8, -1), batch.config).reshape(4, 2, -1)})
        for i, count in enumerate(batch.events.count):
            for record in batch.events.records[i, :count]:
                doers[spec.events[record["kind"]].name].add(int(record["who"]))
    assert doers["arrival"] == set(avatar_numbers(batch.roles.values())["walker"])
    assert doers["crowd_arrival"] == {2, 3, 4, 5}
