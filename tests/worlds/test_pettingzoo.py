"""The PettingZoo view: names, endings, comings and goings, mistakes, infos, registration."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pettingzoo
import pytest
from pettingzoo.test import api_test, parallel_api_test, render_test

from avatarium import worlds
from avatarium.worlds.core.parallel import World, as_aec
from avatarium.worlds.core.registration import register


@pytest.fixture
def env() -> World:
    """Three walkers at the beginning of a short episode."""
    world: World = worlds.make("wayfinding", walkers=3, episode_steps=50)
    world.reset(seed=1)
    return world


def still(env: World) -> dict[str, np.ndarray]:
    """Everybody does nothing."""
    return {agent: np.zeros(2, np.int32) for agent in env.agents}


def test_agents_are_called_by_role(env: World) -> None:
    assert env.agents == env.possible_agents == ["walker_0", "walker_1", "walker_2"]
    assert env.metadata["name"] == "wayfinding_v1"


def test_the_view_shows_what_the_batch_does() -> None:
    env, batch = worlds.make("wayfinding"), worlds.make_batch("wayfinding")
    seen, _ = env.reset(seed=9)
    assert all(np.array_equal(row, seen[f"walker_{a}"]) for a, row in enumerate(batch.reset(9)["walker"][0]))
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = rng.integers(0, [5, 3], (1, 8, 2))
        seen, rewards, *_ = env.step({f"walker_{a}": row for a, row in enumerate(actions[0])})
        step = batch.step({"walker": actions})
        assert all(np.array_equal(row, seen[f"walker_{a}"]) for a, row in enumerate(step.observation["walker"][0]))
        assert list(rewards.values()) == step.reward["walker"][0].tolist()


def test_observations_stay_as_they_were(env: World) -> None:
    first, *_ = env.step(still(env))
    kept = {agent: seen.copy() for agent, seen in first.items()}
    env.step({agent: np.array([1, 1]) for agent in env.agents})
    assert all(np.array_equal(first[agent], kept[agent]) for agent in kept)


def test_an_episode_ends_for_all_and_then_nothing_happens(env: World) -> None:
    for _ in range(49):
        *_, truncations, _ = env.step(still(env))
        assert not any(truncations.values())
    observations, _, terminations, truncations, _ = env.step(still(env))
    assert len(observations) == 3
    assert all(truncations.values())
    assert not any(terminations.values())
    assert env.agents == []
    assert env.step({}) == ({}, {}, {}, {}, {})
    assert len(env.reset()[0]) == 3


def test_max_cycles_cuts_an_episode_short() -> None:
    env = worlds.make("wayfinding", walkers=2, max_cycles=7)
    env.reset(seed=0)
    for _ in range(6):
        env.step(still(env))
    assert env.agents
    assert all(env.step(still(env))[3].values())
    assert not env.agents


def test_resets_without_a_seed_go_on_from_the_last_seed(env: World) -> None:
    def openings(seed: int | None) -> list[bytes]:
        return [env.reset(seed=s)[0]["walker_0"].tobytes() for s in (seed, None, None)]

    first, again, other = openings(4), openings(4), openings(5)
    assert first == again
    assert len(set(first + other)) == 6


def test_spaces_belong_to_one_agent_each(env: World) -> None:
    assert env.action_space("walker_0") is env.action_space("walker_0")
    assert env.action_space("walker_0") is not env.action_space("walker_1")
    assert env.observation_space("walker_0").contains(env.reset(seed=3)[0]["walker_0"])


def test_the_state_lies_in_its_space(env: World) -> None:
    env.step(still(env))
    assert env.state_space.contains(env.state())


def test_infos_tell_terms_and_events_on_request() -> None:
    env: World = worlds.make("wayfinding", walkers=4, infos=True)
    env.reset(seed=2)
    events: list[dict[str, Any]] = []
    for _ in range(300):
        _, rewards, _, _, infos = env.step({agent: np.array([1, 0]) for agent in env.agents})
        assert all(sum(infos[agent]["terms"].values()) == pytest.approx(reward, abs=1e-5) for agent, reward in rewards.items())
        events += [event for info in infos.values() for event in info["events"]]
    assert {"wall_contact", "failure"} <= {event["kind"] for event in events}
    assert all(event["whom"] is None for event in events if event["kind"] == "wall_contact")


def test_infos_are_empty_otherwise(env: World) -> None:
    assert env.step(still(env))[4] == {"walker_0": {}, "walker_1": {}, "walker_2": {}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"walker_1": np.zeros(3, np.int32)}, "the action of walker_1 is an array of shape (3,)"),
        ({"walker_1": np.array([0.0, 1.0])}, "the action of walker_1 is an array of shape (2,) and type float64"),
        ({"walker_2": [0, 3]}, "walk from 0 to 4, turn from 0 to 2"),
        ({"walker_2": [0, 2**40]}, "the action of walker_2 is [0, 1099511627776]"),
        ({"walker_2": [-1, 0]}, "the action of walker_2 is [-1, 0]"),
        ({"walker_9": [0, 0]}, "walker_9 cannot act: the agents now are walker_0, walker_1, walker_2"),
    ],
)
def test_wrong_actions_are_refused_in_one_sentence(env: World, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(worlds.UserError) as told:
        env.step(still(env) | change)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_action_is_refused(env: World) -> None:
    with pytest.raises(worlds.UserError, match="there is no action for walker_2"):
        env.step({"walker_0": [0, 0], "walker_1": [0, 0]})


@pytest.mark.parametrize("action", [[0, 0, 1.5], [0, 0, float("nan")]])
def test_continuous_actions_have_a_range(action: list[float]) -> None:
    env = worlds.make("wayfinding", walkers=1, control="continuous")
    env.reset(seed=0)
    env.step({"walker_0": [0.5, -1, 1]})
    with pytest.raises(worlds.UserError, match="3 numbers from -1 to 1: forward, left, turn"):
        env.step({"walker_0": action})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"render_mode": "rgb"}, "did you mean 'rgb_array'"),
        ({"max_cycles": 0}, "at least one step"),
        ({"walkrs": 3}, "did you mean 'walkers'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(worlds.UserError, match=sentence):
        worlds.make("wayfinding", **options)


def visit(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """Walker 2 comes at step 3; walker 1 has done its task at step 5 and its place is taken again at step 8."""
    clock = episodes.clock
    out[0].present[:, 2] = clock >= 3
    out[0].present[:, 1] = (clock < 5) | (clock >= 8)
    out[0].termination[:, 1] = clock == 5


def open_up(state: Any, episodes: Any, config: Any, out: Any, *rest: Any) -> None:
    """Walker 2 is not there at first."""
    out[0].present[:, 2] = False


@pytest.fixture
def visited(tampered: Callable[..., worlds.WorldSpec]) -> World:
    """A world in which avatars come and go."""
    return World(tampered(worlds.spec("wayfinding"), step=visit, reset=open_up), walkers=3)


def test_avatars_come_and_go(visited: World) -> None:
    seen, _ = visited.reset(seed=0)
    assert set(seen) == set(visited.agents) == {"walker_0", "walker_1"}
    for _ in range(3):
        seen, *_ = visited.step(still(visited))
    assert visited.agents == ["walker_0", "walker_1", "walker_2"]
    assert set(seen) == {"walker_0", "walker_1", "walker_2"}
    for _ in range(2):
        seen, _, terminations, *_ = visited.step(still(visited))
    assert terminations == {"walker_0": False, "walker_1": True, "walker_2": False}
    assert visited.agents == ["walker_0", "walker_2"]


def test_nobody_is_revived(visited: World) -> None:
    visited.reset(seed=0)
    for _ in range(12):
        seen, *_ = visited.step(still(visited))
    assert set(seen) == {"walker_0", "walker_2"}


def test_pettingzoo_accepts_coming_and_going(visited: World) -> None:
    parallel_api_test(visited, num_cycles=40)
    api_test(as_aec(visited), num_cycles=40)


def test_pettingzoo_makes_worlds_by_name() -> None:
    ids = register()
    assert register() == ids
    assert "avatarium/wayfinding-v1" in ids
    env = pettingzoo.make("parallel", "avatarium/wayfinding", walkers=2, max_cycles=5)
    assert env.possible_agents == ["walker_0", "walker_1"]
    assert env.max_cycles == 5
    assert isinstance(pettingzoo.make("aec", "avatarium/wayfinding_v1"), pettingzoo.AECEnv)


def test_the_turn_based_view_moves_when_all_have_acted() -> None:
    aec, parallel = worlds.make("wayfinding", aec=True, walkers=2), worlds.make("wayfinding", walkers=2)
    aec.reset(seed=6)
    parallel.reset(seed=6)
    for _ in range(2):
        aec.step(np.array([1, 0]))
    seen, *_ = parallel.step({agent: np.array([1, 0]) for agent in parallel.agents})
    assert np.array_equal(aec.observe("walker_1"), seen["walker_1"])


def test_worlds_are_drawn_in_every_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygame", reason="windows need pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    render_test(lambda render_mode: worlds.make("wayfinding", aec=True, render_mode=render_mode))


def test_a_window_follows_and_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []

    class Window:
        def __init__(self, title: str) -> None:
            shown.append(title)

        def show(self, scene: Any) -> None:
            shown.append(scene)

        def close(self) -> None:
            shown.append("closed")

    monkeypatch.setattr("avatarium.render.Window", Window, raising=False)
    env = worlds.make("wayfinding", render_mode="human", walkers=2)
    env.reset(seed=0)
    env.step(still(env))
    env.close()
    env.close()
    assert [shown[0], shown[-1], len(shown)] == ["wayfinding_v1", "closed", 4]
    assert shown[1].names == ("walker_0", "walker_1")


def test_pictures_are_asked_for_when_the_environment_is_made(env: World) -> None:
    with pytest.raises(worlds.UserError, match="make it with render_mode"):
        env.render()
