"""Metasync: the numbers of its source come out again; rewards, ages and observations are what the card says; golden transcript."""

from pathlib import Path

import numpy as np
import pytest

from avatarium import agents, worlds
from avatarium.agents.play import play
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.metasync import WORLD
from avatarium.worlds.metasync.config import PRESETS
from avatarium.worlds.metasync.profiles import PROFILES
from avatarium.worlds.metasync.rules import HANDED_OVER, REQUESTED, SERVED, SYNCED, WAS_LATE

EPISODES, STEPS, ROLE = 128, 100, "orchestrator"
MEASURED = {
    (0.25, 0.25): (712, 25.9, 16.6, 0.50, 0.98),
    (0.5, 0.5): (1382, 3.7, 18.8, 0.95, 0.53),
    (0.75, 0.75): (820, 0.67, 36.2, 1.0, 0.09),
}
"""Return, AoRI, AoSI, share served, share late: of a re-implementation of the published simulator in numpy, 30 episodes each."""


def batch_of(num_envs=8, **settings):
    batch = worlds.make_batch("metasync", num_envs=num_envs, autoreset=False, **settings)
    batch.reset(5)
    return batch


def split(batch, *shares):
    """Actions that give users these shares of bandwidth and compute, whatever the form."""
    found = {}
    for name, role in batch.roles.items():
        mine = [dict(zip(("bandwidth", "compute"), shares, strict=True))[control] for control in role.continuous]
        found[name] = np.tile(np.array(mine, np.float32), (batch.num_envs, role.count, 1))
    return found


def episode(batch, act):
    """Return of each environment, and sums of counts and of values of each kind of event."""
    role, returns = next(iter(batch.roles)), np.zeros(batch.num_envs)
    for _ in range(batch.config.episode_steps):
        returns += batch.step(act()).reward[role][:, 0]
    return returns, batch.events.tally["count"].sum(axis=0), batch.events.tally["value"].sum(axis=0)


@pytest.mark.parametrize("shares", MEASURED)
def test_splits_bring_what_they_brought_in_the_published_simulator(shares):
    batch = batch_of(EPISODES)
    returns, count, value = episode(batch, lambda: split(batch, *shares))
    aori, aosi = value[SERVED] / count[SERVED], value[SYNCED] / count[SERVED]
    found = returns.mean(), aori, aosi, count[SERVED] / value[REQUESTED], count[WAS_LATE] / count[SERVED]
    for mine, theirs, absolute in zip(found, MEASURED[shares], (0, 0.1, 0, 0.01, 0.04), strict=True):
        assert mine == pytest.approx(theirs, rel=0.05, abs=absolute)


def test_whoever_serves_one_side_alone_serves_nobody():
    for all_or_nothing in (0.0, 1.0):
        batch = batch_of()
        returns, count, _ = episode(batch, lambda batch=batch, share=all_or_nothing: split(batch, share, share))
        assert not returns.any() and not count[SERVED]


def test_following_the_queues_is_better_than_any_split_and_fairness_by_known_loads_is_a_good_split():
    best, feedback, fair = (batch_of(EPISODES) for _ in range(3))
    envs = np.arange(EPISODES)
    returns = [
        episode(best, lambda: split(best, 0.45, 0.40))[0].mean(),
        episode(feedback, lambda: {ROLE: WORLD.heuristic(ROLE, feedback.observations[ROLE][:, 0], feedback.config)[:, None]})[0].mean(),
        episode(fair, lambda: {ROLE: WORLD.oracle(fair, ROLE, envs, 0 * envs)[:, None]})[0].mean(),
    ]
    assert returns[1] > 1.04 * returns[0]
    assert returns[2] > 0.9 * returns[0]


def test_following_the_queues_is_far_better_than_any_split_where_traffic_changes():
    split_best, feedback = (batch_of(EPISODES, **PRESETS["dynamic"]) for _ in range(2))
    fixed = episode(split_best, lambda: split(split_best, 0.15, 0.7))[0].mean()
    adaptive = episode(feedback, lambda: {ROLE: WORLD.heuristic(ROLE, feedback.observations[ROLE][:, 0], feedback.config)[:, None]})[
        0
    ].mean()
    assert adaptive > 1.4 * fixed


def test_an_operator_who_senses_demand_is_as_fair_as_the_oracle():
    batch = batch_of(8, observe="full", **PRESETS["dynamic"])
    for _ in range(20):
        batch.step(split(batch, 0.5, 0.5))
    envs = np.arange(8)
    fair = WORLD.oracle(batch, ROLE, envs, 0 * envs)
    assert WORLD.heuristic(ROLE, batch.observations[ROLE][:, 0], batch.config) == pytest.approx(fair, abs=0.08)


def test_the_oracle_shares_in_proportion_to_what_is_made():
    batch = batch_of(2)
    for _ in range(3):
        batch.step(split(batch, 0.5, 0.5))
    given = WORLD.oracle(batch, ROLE, np.arange(2), np.zeros(2, int))
    assert given == pytest.approx(np.tile([490 / (490 + 750), 49 / (49 + 90)], (2, 1)), rel=1e-4)


@pytest.mark.parametrize("form", ["single", "duo", "cells"])
def test_everybody_is_paid_by_the_ages_of_what_was_done(form):
    settings = {"rewards.sync": 8.0, "rewards.fade": 0.8, "rewards.late": -2.0, "rewards.deadline_steps": 4}
    batch, rng = batch_of(4, form=form, **settings), np.random.default_rng(2)
    for _ in range(STEPS):
        batch.step(random_actions(batch, rng))
        for i in range(4):
            events = batch.events.records[i, : batch.events.count[i]]
            ages = [events["value"][events["kind"] == kind] for kind in (SERVED, SYNCED)]
            sync, late = (8 * 0.8 ** ages[1].astype(float)).sum(), -2 * (ages[0] > 4).sum()
            assert (events["kind"] == WAS_LATE).sum() == (ages[0] > 4).sum()
            for role in batch.roles:
                assert batch.reward_terms[role][i] == pytest.approx(np.tile([sync, late], (batch.num_agents[role], 1)), rel=1e-4)


def test_lengths_are_told_raw_or_as_logarithms_and_operators_know_more():
    plain, soft, full = (batch_of(8, observe=observe) for observe in ("lengths", "log", "full"))
    for _ in range(30):
        seen = [next(iter(b.step(split(b, 0.3, 0.6)).observation.values()))[:, 0] for b in (plain, soft, full)]
        queues = plain.state.network.queues["count"][:, 0]
        assert (seen[0] == queues).all()
        assert seen[1] == pytest.approx(np.log1p(queues) / 3, abs=1e-5)
        assert (seen[2][:, :2] == seen[1]).all()
    network, part = full.state.network, full.roles[ROLE].slices()
    assert seen[2][:, part["backlog"]][:, 1] == pytest.approx(np.log1p(network.sensors["waiting"].sum(axis=1)) / 3, abs=1e-5)
    age = 29 - network.sensors["processed"].astype(float).mean(axis=1)
    assert seen[2][:, part["ages"]][:, 1] == pytest.approx(np.log1p(age) / 3, abs=1e-5)
    assert seen[2][0, part["work"]] == pytest.approx([0.49 / 1.49, 0.9 / 1.9], abs=1e-4)
    data = 15 * 50 / (100 * network.sensors["efficiency"].mean(axis=1))
    assert seen[2][:, part["data"]][:, 1] == pytest.approx(data / (1 + data), abs=1e-4)


def test_duo_with_both_shares_does_what_a_single_agent_does_with_them():
    single, duo = batch_of(4), batch_of(4, form="duo")
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        shares = rng.uniform(0, 1, (4, 1, 2)).astype(np.float32)
        one = single.step({ROLE: shares})
        two = duo.step({"bandwidth": shares[..., :1], "compute": shares[..., 1:]})
        assert (one.reward[ROLE] == two.reward["compute"]).all()
        assert (two.reward["bandwidth"] == two.reward["compute"]).all()
        assert (one.observation[ROLE] == two.observation["bandwidth"]).all()


def test_cells_hand_users_over_to_the_nearest_station():
    batch = batch_of(8, **PRESETS["cells"])
    masts = np.stack([batch.state.network.stations[0]["x"], batch.state.network.stations[0]["y"]], axis=1)
    former, handed = batch.state.network.users["station"].copy(), 0
    for _ in range(STEPS):
        batch.step(split(batch, 0.5, 0.5))
        users = batch.state.network.users
        places = np.stack([users["x"], users["y"]], axis=-1)
        away = np.linalg.norm(places[:, :, None] - masts, axis=-1)
        assert np.take_along_axis(away, users["station"][..., None], 2)[..., 0] == pytest.approx(away.min(axis=2))
        handed += (users["station"] != former).sum()
        former = users["station"].copy()
    assert handed > 10
    assert batch.events.tally["count"][:, HANDED_OVER].sum() == handed


def test_sensors_stand_apart_and_users_walk_from_point_to_point():
    batch = batch_of(32)
    sites = batch.state.sites.astype(float)
    assert (np.linalg.norm(sites - 100, axis=2) >= 20 - 1e-4).all() and (np.linalg.norm(sites - 100, axis=2) <= 90 + 1e-4).all()
    apart = np.linalg.norm(sites[:, :, None] - sites[:, None], axis=-1) + 1e3 * np.eye(15)
    assert apart.min() >= 20 - 1e-4
    arrivals = 0
    for _ in range(STEPS):
        before = batch.state.avatars[:, 1:].copy()
        batch.step(split(batch, 0.5, 0.5))
        after = batch.state.avatars[:, 1:]
        moved = np.hypot(after["x"] - before["x"], after["y"] - before["y"])
        there = (after["x"] == before["goal_x"]) & (after["y"] == before["goal_y"])
        assert moved[~there] == pytest.approx(1.5, abs=1e-4)
        assert (moved[there] < 1.5 + 1e-3).all()
        arrivals += there.sum()
    assert arrivals > 100


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_say_who_comes_when(name):
    profile, batch = PROFILES[name], batch_of(64, **(PRESETS["dynamic"] | {"traffic": name}))
    users = batch.state.network.users
    assert users.shape[1] == profile.pool
    since, stay = users["since"], (users["until"] - users["since"])
    early = int(profile.burst * profile.pool)
    low, high = profile.window
    assert (since[:, early:] >= int(low * STEPS)).all() and (since[:, early:] < high * STEPS).all()
    assert since[:, early:].mean() == pytest.approx(100 * (low + high) / 2, abs=2)
    if early:
        assert since[:, :early].mean() == pytest.approx(50, abs=1) and since[:, :early].std() == pytest.approx(8, abs=1)
        assert stay[:, :early].mean() < stay[:, early:].mean()
    assert (stay >= 1).all() and (users["until"] <= STEPS).all()
    for _ in range(STEPS):
        made = batch.events.tally["value"][:, REQUESTED].copy()
        there = ((since <= batch.clock[:, None]) & (batch.clock[:, None] < users["until"])).sum(axis=1)
        assert (batch.state.avatars["present"][:, 1:].sum(axis=1) == there).all()
        batch.step(split(batch, 0.5, 0.5))
        assert (batch.events.tally["value"][:, REQUESTED] - made <= there).all()
    mix = batch.state.network.mixes[0, 0]
    assert (mix["size"], mix["load"]) == pytest.approx((1000 * profile.size, 1000 * profile.load))


def test_a_mixture_draws_a_profile_for_each_episode():
    batch = batch_of(64, **PRESETS["dynamic"])
    there = (batch.state.network.users["until"] > 0).sum(axis=1)
    assert set(there.tolist()) == {one.pool for one in PROFILES.values()}
    assert len(set(batch.state.network.mixes["row"][:, 0].tolist())) == len(PROFILES)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_settings_under_which_no_queue_is_ever_full(name):
    batch = batch_of(8, **PRESETS[name])
    for shares in ((1.0, 0.0), (0.0, 0.0)):
        batch.reset(1)
        for _ in range(batch.config.episode_steps):
            batch.step(split(batch, *shares))
        assert not batch.state.network.queues["dropped"].any()


def test_what_people_are_called():
    batch = batch_of(1, **(PRESETS["dynamic"] | {"form": "duo", "traffic": "ramp_up"}))
    scene = WORLD.scene(batch.state, batch.config, 0)
    assert scene.names[:2] == ("bandwidth_0", "compute_0")
    assert len(scene.names) == 2  # users come later


SCRIPTED = {
    "half": (0.5, 0.5),
    "best": (0.45, 0.4),
    "quarter": (0.25, 0.25),
    "three-quarters": (0.75, 0.75),
    "sensors-only": (0, 0),
    "users-only": (1, 1),
}


@pytest.mark.parametrize("form", ["single", "duo", "cells"])
def test_scripted_splits_give_what_they_are_called_after(form, tmp_path):
    settings = {"form": form, "episode_steps": 10}
    roles = [role.name for role in WORLD.roles(batch_of(1, **settings).config)]
    for name, shares in SCRIPTED.items():
        seats = {role: agents.load(f"metasync/{name}", "metasync", role, **settings) for role in roles}
        boards = Transcript.open(play("metasync", seats, [1], tmp_path / name, settings)[0]).frame("boards")
        for control, share in zip(("bandwidth", "compute"), shares, strict=True):
            assert boards[control][1:] == pytest.approx(share)


def test_the_golden_transcript_is_still_what_this_version_does(tmp_path: Path) -> None:
    """When this fails on purpose, the world has changed: raise its version, then write the new digest here and in the card."""
    path = play("metasync", {"station": agents.load("metasync/half")}, [2026], tmp_path, PRESETS["cells"])[0]
    told = Transcript.open(path)
    card = Path(__file__).parents[2] / "worlds" / "metasync" / "README.md"
    assert told.digest in card.read_text(), told.digest
    assert {WORLD.events[k].name for k in np.unique(told.events["kind"])} == {event.name for event in WORLD.events}
