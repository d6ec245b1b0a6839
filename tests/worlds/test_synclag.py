"""Others' states and own actions arrive late, by exactly as many steps as they should."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core import checks, settings, synclag
from avatarium.worlds.core.bodies import TOP_SPEED
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.checks.trial import Trial
from avatarium.worlds.core.people import COLUMNS, NEAREST, RANGE_M
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.transcript import Transcript, verify

EMBODIED = [name for name in worlds.names() if worlds.spec(name).look_again is not None]


def ahead_left(me, x, y):
    return x * me["cos"] + y * me["sin"], y * me["cos"] - x * me["sin"]


@pytest.mark.parametrize("aosi", [0, 1, 2, 5, 10])
def test_each_neighbour_is_told_of_as_it_was_so_many_steps_ago(aosi):
    """Step by step: every row of the sensor ``people`` is where somebody was, and how they moved, seen from where one is now."""
    batch = worlds.make_batch("wayfinding", num_envs=8, **{"sync.aosi": aosi})
    where = batch.roles["walker"].slices()["people"]
    batch.reset(4)
    past, rng, told = [batch.state.avatars.copy()], np.random.default_rng(0), 0
    for _ in range(60):
        batch.step(random_actions(batch, rng))
        past.append(batch.state.avatars.copy())
        then = past[max(len(past) - 1 - aosi, 0)]
        for i, a in np.ndindex(8, 8):
            me, rows = past[-1][i, a], batch.observations["walker"][i, a, where].reshape(NEAREST, COLUMNS)
            others = [b for b in range(8) if b != a]
            x, y = ahead_left(me, then[i, others]["x"] - me["x"], then[i, others]["y"] - me["y"])
            vx, vy = ahead_left(me, then[i, others]["vx"], then[i, others]["vy"])
            known = np.stack([x / RANGE_M, y / RANGE_M, vx / TOP_SPEED, vy / TOP_SPEED], axis=1)
            for row in rows[rows[:, 0] == 1]:
                assert np.abs(known - row[[1, 2, 5, 6]]).max(axis=1).min() < 1e-5
                told += 1
    assert told > 1000


@pytest.mark.parametrize("name", EMBODIED)
def test_what_happens_does_not_depend_on_how_late_it_is_known(name):
    """The same actions bring the same states and rewards, under any ``aosi``, and until it has passed the first is all that is known."""
    usual, late = (worlds.make_batch(name, num_envs=4, **{"sync.aosi": lag}) for lag in (0, 64))
    for batch in (usual, late):
        batch.reset(2)
    rng = np.random.default_rng(1)
    for _ in range(80):
        actions = random_actions(usual, rng)
        usual.step(actions)
        late.step(actions)
        assert usual.state.avatars.tobytes() == late.state.avatars.tobytes()
        assert all(usual.rewards[role].tobytes() == late.rewards[role].tobytes() for role in usual.roles)
    assert any((usual.observations[role] != late.observations[role]).any() for role in usual.roles)


@pytest.mark.parametrize("name", EMBODIED)
def test_what_is_under_way_belongs_to_a_snapshot_and_to_no_thread(name):
    sync = {"sync.aosi": 3, "sync.aori": 2}
    batch, shared = worlds.make_batch(name, num_envs=6, **sync), worlds.make_batch(name, num_envs=6, threads=3, **sync)
    for one in (batch, shared):
        one.reset(5)
    rng = np.random.default_rng(2)
    table = [random_actions(batch, rng) for _ in range(40)]
    for k, actions in enumerate(table):
        if k == 20:
            kept = batch.snapshot()
        batch.step(actions)
        shared.step(actions)
        assert all(batch.observations[r].tobytes() == shared.observations[r].tobytes() for r in batch.roles)
    last = {role: observed.copy() for role, observed in batch.observations.items()}
    batch.restore(kept)
    for actions in table[20:]:
        batch.step(actions)
    assert all(np.array_equal(batch.observations[role], observed) for role, observed in last.items())
    shared.close()


def test_a_new_episode_knows_nothing_of_the_last():
    """With autoreset: what was under way when an episode ended arrives in none."""
    going = worlds.make_batch("wayfinding", num_envs=2, episode_steps=50, **{"sync.aosi": 10, "sync.aori": 10})
    rng = np.random.default_rng(3)
    table = [random_actions(going, rng) for _ in range(80)]
    going.reset(1)
    for actions in table[:50]:
        going.step(actions)
    first = going.observations["walker"].copy()
    fresh = worlds.make_batch("wayfinding", num_envs=2, episode_steps=50, **{"sync.aosi": 10, "sync.aori": 10})
    fresh.reset(1)
    fresh.episodes.count[:] = 1
    fresh._begin(np.ones(2, np.bool_))
    assert np.array_equal(first, fresh.observations["walker"])
    for actions in table[50:]:
        going.step(actions)
        fresh.step(actions)
        assert going.observations["walker"].tobytes() == fresh.observations["walker"].tobytes()


def test_drawn_ages_are_of_each_episode():
    """Each episode has ages of its own, up to those that are set, and the same seed the same."""
    batch, again = (worlds.make_batch("wayfinding", num_envs=64, **{"sync.aosi": 3, "sync.aori": 2, "sync.drawn": True}) for _ in range(2))
    batch.reset(1)
    again.reset(1)
    ages, delays = batch._lag.late.ages, batch._lag.delays
    assert [sorted(set(some[:, 0].tolist())) for some in (ages, delays)] == [[0, 1, 2, 3], [0, 1, 2]]
    assert (ages == ages[:, :1]).all() and (delays == delays[:, :1]).all()
    assert len({(a, d) for a, d in zip(ages[:, 0].tolist(), delays[:, 0].tolist(), strict=True)}) == 12, "drawn apart from one another"
    assert np.array_equal(ages, again._lag.late.ages)


def carried(num_envs=4, steps=60, **sync):
    """A batch in which a network carries states and actions, run at random; ages and delays of every step."""
    batch = worlds.make_batch("wayfinding", num_envs=num_envs, **{"sync.source": "network", **{f"sync.{k}": v for k, v in sync.items()}})
    batch.reset(6)
    rng, ages, delays = np.random.default_rng(6), [], []
    for _ in range(steps):
        batch.step(random_actions(batch, rng))
        ages.append(batch._lag.late.ages.copy())
        delays.append(batch._lag.delays.copy())
    return batch, np.array(ages), np.array(delays)


def test_a_network_that_carries_all_at_once_delays_nothing():
    _, ages, delays = carried(**{"link.compute": 1e5, "link.bandwidth_mhz": 1e5})
    assert (ages == 1).all() and (delays[1:] == 0).all()
    assert (delays[0] == 1).all(), "a request waits for the first state of the sensor beside it"


def test_ages_grow_where_the_network_has_too_little_of_something():
    """States wait where actions have most of the compute, actions where states have; the age of what is known never jumps ahead."""
    (_, states, few), (_, some, actions) = (carried(compute=share, **{"link.compute": 24.0}) for share in (0.9, 0.1))
    assert states.mean() > 5 * some.mean()
    assert actions.mean() > 5 * few.mean()
    assert (np.diff(states, axis=0) <= 1).all() and (np.diff(actions, axis=0) <= 1).all()


def test_states_and_actions_are_those_that_the_network_has_carried():
    """Step by step: who is seen is seen where it was when the state was made; nothing is done that was not chosen when it says."""
    sync = {"sync.source": "network", "sync.link.compute": 24.0}
    batch, plain = worlds.make_batch("wayfinding", num_envs=2, **sync), worlds.make_batch("wayfinding", num_envs=2)
    for one in (batch, plain):
        one.reset(6)
    rng, given, past, late = np.random.default_rng(7), [], [batch.state.avatars.copy()], 0
    where = batch.roles["walker"].slices()["people"]
    for step in range(60):
        given.append(random_actions(batch, rng)["walker"])
        batch.step({"walker": given[-1]})
        delays, ages = batch._lag.delays, np.minimum(batch._lag.late.ages, synclag.MOST)
        done = np.full_like(given[-1], -1)
        for i, a in np.ndindex(2, 8):
            if delays[i, a] <= step:
                done[i, a] = given[step - delays[i, a]][i, a]
        plain.step({"walker": done})
        assert plain.state.avatars.tobytes() == batch.state.avatars.tobytes()
        past.append(batch.state.avatars.copy())
        for i, a in np.ndindex(2, 8):
            me, rows = past[-1][i, a], batch.observations["walker"][i, a, where].reshape(NEAREST, COLUMNS)
            known = np.array([past[max(step + 1 - ages[i, b], 0)][i, b] for b in range(8) if b != a])
            x, y = ahead_left(me, known["x"] - me["x"], known["y"] - me["y"])
            places = np.stack([x, y], axis=1) / RANGE_M
            late += sum(int(row[0]) for row in rows)
            assert all(np.abs(places - row[1:3]).max(axis=1).min() < 1e-5 for row in rows if row[0] == 1)
    assert late > 100 and batch._lag.delays.max() > 3


def test_ages_are_set_or_made_but_not_both():
    with pytest.raises(worlds.UserError, match=r"leave sync.aosi and sync.aori 0"):
        worlds.make_batch("wayfinding", **{"sync.source": "network", "sync.aosi": 1})


def test_pictures_show_others_as_they_are_known():
    """A picture under lag is that of a world in which everybody else stands where they stood."""
    batch = worlds.make_batch("wayfinding", num_envs=4, **{"sync.aosi": 6, "pixels.width": 32, "pixels.height": 24})
    plain = worlds.make_batch("wayfinding", num_envs=4)
    for one in (batch, plain):
        one.reset(8)
    rng, past = np.random.default_rng(4), [plain.state.avatars.copy()]
    for _ in range(30):
        actions = random_actions(plain, rng)
        batch.step(actions)
        plain.step(actions)
        past.append(plain.state.avatars.copy())
    eyes, now = plain.eyes("walker", 32, 24), past[-1]
    rgb, moved = np.zeros((*eyes.shape, 3), np.uint8), 0
    eyes.look(rgb)
    truth = rgb.copy()
    picture = batch.observations["walker"][..., batch.roles["walker"].slices()["picture_90_degrees"]].reshape(4, 8, 3, 24, 32)
    for a in range(8):
        plain.state.avatars[:] = past[-7]
        plain.state.avatars[:, a] = now[:, a]
        eyes.look(rgb)
        moved += int((rgb[:, a] != truth[:, a]).any())
        assert np.abs(np.moveaxis(rgb[:, a], -1, 1) / 255 - picture[:, a]).max() < 0.005
    assert moved > 0


def test_a_transcript_under_lag_is_simulated_again(tmp_path: Path):
    batch = worlds.make_batch("gathering", num_envs=1, autoreset=False, episode_steps=60, **{"sync.aosi": 4, "sync.aori": 3})
    batch.reset([5])
    recorder, rng = Recorder(tmp_path, batch, [5], {"guest": "random"}), np.random.default_rng(5)
    while not batch.episodes.over.all():
        batch.step(random_actions(batch, rng))
        recorder.step()
    recorder.close()
    told = Transcript.open(recorder.paths[0])
    assert (told.config.sync.aosi, told.config.sync.aori) == (4, 3)
    verify(recorder.paths[0])


def test_a_section_that_came_later_is_told_of_only_when_it_is_set():
    plain, lagging = (settings.build(worlds.spec("wayfinding").config, given) for given in ({}, {"sync.aosi": 2}))
    assert "sync" not in settings.told(plain)
    assert settings.told(lagging)["sync"]["aosi"] == 2
    for config in (plain, lagging):
        assert settings.build(type(config), json.loads(json.dumps(settings.told(config)))) == config
    assert "sync" in dataclasses.asdict(plain)


def test_a_world_in_which_nobody_is_sensed_says_so():
    spec = dataclasses.replace(worlds.spec("wayfinding"), look_again=None)
    with pytest.raises(worlds.UserError, match=r"nobody senses what others do: leave sync.aosi 0"):
        worlds.Batch(spec, **{"sync.aosi": 1})


def test_steps_that_last_have_no_room_for_lag():
    with pytest.raises(worlds.UserError, match=r"leave sync.aosi"):
        worlds.make_batch("domination", by_decision=True, command="order", **{"sync.aori": 1})


def found(check, spec):
    return " ".join(checks.examine(next(c for c in checks.CHECKS if c.__name__ == check), Trial(spec, {})).faults)


def test_a_world_that_knows_too_early_or_too_late_is_found(monkeypatch):
    spec = worlds.spec("wayfinding")
    assert "earlier than 5 steps" in found("states_arrive_when_due", dataclasses.replace(spec, look_again=lambda *_: None))

    def sluggish(*arguments):
        late = arguments[4]
        late.ages[:] = 4
        spec.look_again(*arguments)

    assert "earlier than 5 steps" in found("states_arrive_when_due", dataclasses.replace(spec, look_again=sluggish))
    monkeypatch.setattr(synclag, "send", lambda post, actions, *_: post.arrived.__setitem__(..., actions))
    assert "exactly 5 steps later" in found("actions_arrive_when_due", spec)


def test_lateness_beyond_what_is_due_is_found():
    spec = worlds.spec("wayfinding")

    def stale(state, episodes, config, out, late, *rest, last=[None]):  # noqa: B006
        spec.look_again(state, episodes, config, out, late, *rest)
        seen = out[0].observation.copy()
        out[0].observation[:] = seen if last[0] is None or last[0].shape != seen.shape else last[0]
        last[0] = seen

    assert "5 steps after it" in found("states_arrive_when_due", dataclasses.replace(spec, look_again=stale))
